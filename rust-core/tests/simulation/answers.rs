//! The issuer's endpoints: a request in, an answer out. The answers are here; the issuer's state is in `server`.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::{Duration, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pilotlight_core::model::secret::SecretBytes;
use pilotlight_core::protocol::message::{HttpAnswer, HttpRequest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

use crate::server::{Cause, Code, Minted, Verdict, Who};
use crate::world::World;

pub(crate) const ISSUER: &str = "https://issuer.example";
pub(crate) const CLIENT: &str = "native-app";
/// The time of the issuer's clock when the simulation began.
pub(crate) const BEGINNING: i64 = 1_800_000_000;

/// Made once. Signatures differ from run to run, but nothing depends on their bytes.
static KEY: LazyLock<EcdsaKeyPair> = LazyLock::new(|| {
    let random = SystemRandom::new();
    let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.as_ref(), &random).unwrap()
});

/// What the network needs to know about an answer.
pub(crate) struct Acted {
    pub(crate) answer: HttpAnswer,
    pub(crate) minted: Option<Minted>,
    /// The family whose refresh token was refused.
    pub(crate) refused: Option<usize>,
}

/// The content of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Discovery,
    Keys,
    Renewal(String),
    Exchange { code: String },
    Revocation(String),
    UserInfo(String),
}

pub(crate) fn parse(request: &HttpRequest) -> Asked {
    let form: BTreeMap<String, String> = request.body.as_ref().map_or_else(BTreeMap::new, |body| {
        url::form_urlencoded::parse(body.expose()).into_owned().collect()
    });
    let field = |name: &str| form[name].clone();
    match request.url.path() {
        "/.well-known/openid-configuration" => Asked::Discovery,
        "/keys" => Asked::Keys,
        "/revoke" => Asked::Revocation(field("token")),
        "/token" if form["grant_type"] == "refresh_token" => Asked::Renewal(field("refresh_token")),
        "/token" => Asked::Exchange { code: field("code") },
        "/userinfo" => {
            let bearer = request
                .headers
                .iter()
                .find(|(name, _)| name == "authorization")
                .unwrap();
            let bearer = std::str::from_utf8(bearer.1.expose()).unwrap();
            Asked::UserInfo(bearer.strip_prefix("Bearer ").unwrap().to_owned())
        }
        path => panic!("unknown path {path}"),
    }
}

/// The user signs in in the browser. Returns the callback URL.
pub(crate) fn authorize(world: &World, url: &str, subject: &str) -> String {
    let url = url::Url::parse(url).unwrap();
    let query: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
    let code = format!("code-{:016x}", world.random().next());
    let granted = Code {
        subject: subject.to_owned(),
        nonce: query["nonce"].clone(),
        used: false,
    };
    world.state().server.codes.insert(code.clone(), granted);
    format!("{}?code={code}&state={}", query["redirect_uri"], query["state"])
}

/// The issuer processes a request. `zombie`: its sender has given up.
pub(crate) fn act(world: &World, asked: &Asked, sender: Who, zombie: bool) -> Acted {
    let now = world.now();
    let only = |answer| Acted {
        answer,
        minted: None,
        refused: None,
    };
    match asked {
        Asked::Discovery => only(success(now, &discovery())),
        Asked::Keys => only(success(now, &keys())),
        Asked::Renewal(token) => {
            let mut state = world.state();
            let profile = state.profile.clone();
            let explain = {
                let cause = state.why_spent(token, sender, zombie);
                move |_: &_| cause
            };
            let verdict = state.server.renew(token, &profile, now, &mut world.random(), explain);
            match verdict {
                Some(Verdict::Renewed(minted)) => {
                    state.figures.renewals += 1;
                    let nonce = state.server.families[minted.family].nonce.clone();
                    let subject = state.server.families[minted.family].subject.clone();
                    drop(state);
                    let id_token = world.random().chance(150).then(|| id_token(now, &subject, &nonce));
                    answer_with(now, minted, id_token)
                }
                Some(Verdict::Refused(family)) => Acted {
                    refused: Some(family),
                    ..only(refusal(now))
                },
                None => panic!("a refresh token that was never issued: {token}"),
            }
        }
        Asked::Exchange { code } => {
            let mut state = world.state();
            let granted = state.server.codes.get_mut(code).unwrap();
            if std::mem::replace(&mut granted.used, true) {
                return only(refusal(now));
            }
            let (subject, nonce) = (granted.subject.clone(), granted.nonce.clone());
            let minted = state.server.begin(&subject, &nonce, now, &mut world.random());
            drop(state);
            let id_token = Some(id_token(now, &subject, &nonce));
            answer_with(now, minted, id_token)
        }
        Asked::Revocation(token) => {
            let mut state = world.state();
            let known = state.server.refresh_tokens.get_mut(token).map(|token| {
                // A process that revokes the token does not store it.
                token.write_failed = true;
                token.family
            });
            if let Some(family) = known {
                state.server.end(family, Cause::SignedOut);
            }
            only(answer(now, 200, "application/json", ""))
        }
        Asked::UserInfo(token) => {
            let state = world.state();
            let access = state.server.access_tokens[token].clone();
            let family = &state.server.families[state.server.refresh_tokens[&access.refresh_token].family];
            if now >= access.expires || family.ended.is_some() {
                return only(answer(now, 401, "application/json", ""));
            }
            only(success(now, &json!({ "sub": family.subject, "name": "Ada Lovelace" })))
        }
    }
}

fn answer_with(now: Duration, minted: Minted, id_token: Option<String>) -> Acted {
    let mut body = json!({
        "access_token": minted.access_token,
        "token_type": "Bearer",
        "expires_in": minted.lifetime,
    });
    if minted.rotated {
        body["refresh_token"] = json!(minted.refresh_token);
    }
    if let Some(id_token) = id_token {
        body["id_token"] = json!(id_token);
    }
    let answer = success(now, &body);
    Acted {
        answer,
        minted: Some(minted),
        refused: None,
    }
}

fn refusal(now: Duration) -> HttpAnswer {
    let body = json!({ "error": "invalid_grant", "error_description": "Unknown or invalid refresh token." });
    answer(now, 400, "application/json", &body.to_string())
}

fn success(now: Duration, body: &Value) -> HttpAnswer {
    answer(now, 200, "application/json", &body.to_string())
}

pub(crate) fn answer(now: Duration, status: u16, kind: &str, body: &str) -> HttpAnswer {
    let date = UNIX_EPOCH + Duration::from_secs(BEGINNING.unsigned_abs()) + now;
    HttpAnswer {
        host: String::new(),
        status,
        headers: vec![
            ("date".to_owned(), httpdate::fmt_http_date(date)),
            ("content-type".to_owned(), kind.to_owned()),
        ],
        body: SecretBytes::new(body.as_bytes().to_vec()),
    }
}

fn discovery() -> Value {
    json!({
        "issuer": ISSUER,
        "authorization_endpoint": format!("{ISSUER}/authorize"),
        "token_endpoint": format!("{ISSUER}/token"),
        "jwks_uri": format!("{ISSUER}/keys"),
        "userinfo_endpoint": format!("{ISSUER}/userinfo"),
        "revocation_endpoint": format!("{ISSUER}/revoke"),
        "id_token_signing_alg_values_supported": ["ES256"],
    })
}

/// The point of the key, uncompressed: 4, x, y (SEC 1 2.3.3).
fn keys() -> Value {
    let (x, y) = KEY.public_key().as_ref()[1..].split_at(32);
    let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
    json!({ "keys": [{ "kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": "1", "use": "sig", "alg": "ES256" }] })
}

fn id_token(now: Duration, subject: &str, nonce: &str) -> String {
    let issued = BEGINNING + i64::try_from(now.as_secs()).unwrap();
    let claims = json!({
        "iss": ISSUER, "aud": CLIENT, "sub": subject, "nonce": nonce,
        "iat": issued, "exp": issued + 36_000, "auth_time": issued,
    });
    let header = json!({ "alg": "ES256", "typ": "JWT", "kid": "1" });
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let message = format!("{}.{}", part(&header), part(&claims));
    let signature = KEY.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
}
