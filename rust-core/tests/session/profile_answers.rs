//! The possible answers of the userinfo endpoint, and their effects: refusals of a token, and signed answers. This
//! makes the tables in docs/reliability.md. In every row the session continues with the tokens that it had.

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pilotlight_core::jose::IdTokenProblem;
use pilotlight_core::machine::error::Error;
use pilotlight_core::session::SessionManager;
use pilotlight_identity_server::{Endpoint, Fault};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};

use crate::classification::{bare, row};
use crate::documented::{assert_documented, in_words};
use crate::world::{ADA, World, assert_unexpected, cached, is_signed_in, public};

const SUBJECT: &str = "auth0|ada";

async fn announced(session: &SessionManager) -> String {
    match session.profile(true).await {
        Ok(profile) => {
            assert_eq!(profile.subject, SUBJECT);
            "the profile".to_owned()
        }
        Err(error) => in_words(error.into()),
    }
}

fn refusals() -> Vec<(String, Fault)> {
    let challenge = |status: u16, error: &str| {
        let value = format!("Bearer realm=\"x\", error=\"{error}\"");
        let fault = Fault::status(status).header("www-authenticate", &value);
        bare(&format!("{status}, `WWW-Authenticate` with `{error}`"), fault)
    };
    let words = |status: u16, media_type: &str, words: &str| {
        let fault = Fault::status(status).header("content-type", media_type).body(words);
        bare(&format!("{status}, {media_type}: “{words}”"), fault)
    };
    vec![
        bare("401, empty", Fault::status(401)),
        challenge(401, "invalid_token"),
        row(401, "invalid_request", ""),
        bare("401, a page", Fault::html(401)),
        bare("403, empty", Fault::status(403)),
        bare("403, `{}`", Fault::json(403, &json!({}))),
        words(403, "text/html", "Bad_OAuth_Token"),
        words(403, "text/plain", "expired"),
        row(403, "invalid_token", "expired"),
        challenge(403, "invalid_token"),
        bare("403, a page: a firewall", Fault::html(403)),
        row(400, "invalid_token", "expired"),
        challenge(400, "invalid_token"),
        row(403, "insufficient_scope", ""),
        challenge(403, "insufficient_scope"),
        row(400, "invalid_request", ""),
        bare("400, empty", Fault::status(400)),
        bare("404, empty", Fault::status(404)),
        bare("405, empty", Fault::status(405)),
        bare("407, empty", Fault::status(407)),
    ]
}

#[tokio::test]
async fn every_way_to_refuse_a_token_renews_once() {
    let mut table = "| the userinfo endpoint's answer | tokens renewed | met once | met every time |\n\
        | --- | ---: | --- | --- |\n"
        .to_owned();
    for (what, fault) in refusals() {
        let world = World::new().await;
        let session = world.signed_in().await;
        world.control().fault(Endpoint::Userinfo, fault.clone());
        let once = announced(&session).await;
        let renewals = world.refresh_grants();
        world.cooldown();
        let later = world.refresh_grants();
        world.control().fault(Endpoint::Userinfo, fault.for_ever());
        session.access_token(Default::default()).await.unwrap();
        let always = announced(&session).await;
        // One of them because so much time has passed.
        assert_eq!(world.refresh_grants() - later, renewals + 1, "{what}");
        assert!(is_signed_in(&session), "{what}");
        writeln!(table, "| {what} | {renewals} | {once} | {always} |").unwrap();
    }
    assert_documented("userinfo-refusals", &table);
}

/// A key of the issuer, as published from now on.
struct Key {
    algorithm: &'static str,
    jwk: Value,
    pair: Pair,
}

enum Pair {
    Curve(EcdsaKeyPair),
    Edwards(Ed25519KeyPair),
}

impl Key {
    fn new(algorithm: &'static str) -> Self {
        let random = SystemRandom::new();
        let encoded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let (mut jwk, pair) = if algorithm == "ES256" {
            let signing = &ECDSA_P256_SHA256_FIXED_SIGNING;
            let document = EcdsaKeyPair::generate_pkcs8(signing, &random).unwrap();
            let pair = EcdsaKeyPair::from_pkcs8(signing, document.as_ref(), &random).unwrap();
            let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
            let jwk = json!({"kty": "EC", "crv": "P-256", "x": encoded(x), "y": encoded(y)});
            (jwk, Pair::Curve(pair))
        } else {
            let document = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
            let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
            let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": encoded(pair.public_key().as_ref())});
            (jwk, Pair::Edwards(pair))
        };
        jwk["kid"] = algorithm.into();
        Self { algorithm, jwk, pair }
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let encoded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let signed = format!(
            "{}.{}",
            encoded(header.to_string().as_bytes()),
            encoded(claims.to_string().as_bytes())
        );
        let signature = match &self.pair {
            Pair::Curve(pair) => pair
                .sign(&SystemRandom::new(), signed.as_bytes())
                .unwrap()
                .as_ref()
                .to_vec(),
            Pair::Edwards(pair) => pair.sign(signed.as_bytes()).as_ref().to_vec(),
        };
        format!("{signed}.{}", encoded(&signature))
    }

    fn header(&self) -> Value {
        json!({"alg": self.algorithm, "kid": self.algorithm})
    }
}

fn jwt(text: &str) -> Fault {
    Fault::status(200).header("content-type", "application/jwt").body(text)
}

/// Signs Ada in at an issuer that announces these algorithms for userinfo.
async fn announcing(announced: Value, keys: &[&Key]) -> (World, SessionManager) {
    let world = World::new().await;
    let document = Fault::answer(json!({
        "id_token_signing_alg_values_supported": ["RS256"],
        "userinfo_signing_alg_values_supported": announced,
    }));
    world.control().fault(Endpoint::Discovery, document.for_ever());
    let session = world.session_with(world.oidc_configuration());
    world.sign_in(&session, ADA).await;
    let published: Vec<_> = keys.iter().map(|key| key.jwk.clone()).collect();
    world
        .control()
        .fault(Endpoint::Jwks, Fault::json(200, &json!({"keys": published})).for_ever());
    (world, session)
}

fn signed_answers(key: &Key, other: &Key, issuer: &str, now: i64) -> Vec<(&'static str, Fault)> {
    let claims = |changes: Value| {
        let mut claims = json!({"sub": SUBJECT, "iss": issuer, "aud": "native-app", "name": "Ada"});
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
    };
    let with = |changes| jwt(&key.sign(&key.header(), &claims(changes)));
    let header = |header: Value| jwt(&key.sign(&header, &claims(json!({}))));
    let whole = key.sign(&key.header(), &claims(json!({})));
    let unsigned = format!("{}..", whole.rsplit_once('.').unwrap().0);
    let plain = |text: &str, media_type: &str| Fault::status(200).header("content-type", media_type).body(text);
    vec![
        ("by an announced algorithm", with(json!({}))),
        (
            "without `iss`, `aud` and times",
            with(json!({"iss": null, "aud": null})),
        ),
        ("for several audiences", with(json!({"aud": ["api", "native-app"]}))),
        (
            "its header has null members",
            header(json!({"alg": "ES256", "kid": "ES256", "typ": null, "cty": null})),
        ),
        ("without `kid`", header(json!({"alg": "ES256"}))),
        ("labelled as text", plain(&whole, "text/plain; charset=utf-8")),
        ("a text of JSON", plain(&format!("\"{whole}\""), "application/jwt")),
        (
            "with line breaks around it",
            plain(&format!("\r\n{whole}\n"), "application/jwt;charset=UTF-8"),
        ),
        (
            "not a JWT but JSON, labelled as a JWT",
            plain(&claims(json!({})).to_string(), "application/jwt"),
        ),
        (
            "good for an hour",
            with(json!({"exp": now + 3600, "iat": now, "nbf": now})),
        ),
        ("expired an hour ago", with(json!({"exp": now - 3600}))),
        (
            "expired an hour ago, as text",
            with(json!({"exp": (now - 3600).to_string()})),
        ),
        ("of another issuer", with(json!({"iss": "https://other.example/"}))),
        ("for another client", with(json!({"aud": "other-app"}))),
        ("for nobody", with(json!({"aud": []}))),
        ("of another user", with(json!({"sub": "auth0|grace"}))),
        ("without `sub`", with(json!({"sub": null}))),
        (
            "by another key",
            jwt(&Key::new("ES256").sign(&key.header(), &claims(json!({})))),
        ),
        ("by an unknown key", header(json!({"alg": "ES256", "kid": "another"}))),
        (
            "by an algorithm that is not announced",
            jwt(&other.sign(&other.header(), &claims(json!({})))),
        ),
        ("`alg` is `none`", header(json!({"alg": "none"}))),
        ("not signed", jwt(&unsigned)),
        (
            "with a secret (`HS256`)",
            header(json!({"alg": "HS256", "kid": "ES256"})),
        ),
        (
            "with critical parameters",
            header(json!({"alg": "ES256", "kid": "ES256", "crit": ["exp"]})),
        ),
        ("encrypted", jwt(&format!("{whole}.AAAA.BBBB"))),
        ("cut off", jwt(&whole[..whole.len() / 2])),
        ("empty", jwt("")),
    ]
}

#[tokio::test]
async fn a_signed_answer_is_taken_or_is_the_profiles_own_fault() {
    let (key, other) = (Key::new("ES256"), Key::new("EdDSA"));
    let mut table = "| the signed answer of the userinfo endpoint | what the app gets |\n| --- | --- |\n".to_owned();
    let count = signed_answers(&key, &other, "", 0).len();
    let (world, session) = announcing(json!(["ES256"]), &[&key, &other]).await;
    let token = cached(&session);
    for place in 0..count {
        let now = world.clock.passed() + seconds_since_1970();
        let (what, fault) = signed_answers(&key, &other, world.server.issuer(), now).swap_remove(place);
        world.control().fault(Endpoint::Userinfo, fault);
        writeln!(table, "| {what} | {} |", announced(&session).await).unwrap();
        assert_eq!(cached(&session), token, "{what}");
        assert!(
            world
                .control()
                .waiting_faults()
                .iter()
                .all(|waiting| waiting.0 != Endpoint::Userinfo),
            "{what}"
        );
        // Keys are fetched at most once a minute.
        world.clock.advance(61);
    }
    assert_documented("signed-userinfo", &table);
}

fn seconds_since_1970() -> i64 {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

/// If an issuer announces no usable algorithm, userinfo is signed like ID tokens: here with RS256.
#[tokio::test]
async fn what_is_announced_for_userinfo_counts_in_whatever_form() {
    let key = Key::new("ES256");
    for (announced, is_taken) in [
        (json!(["ES256"]), true),
        (json!(["none", "ES256"]), true),
        (json!([null, 7, "ES256"]), true),
        (json!("ES256"), true),
        (json!(["RS256"]), false),
        (json!(null), false),
        (json!([]), false),
        (json!(["none"]), false),
        (json!(["HS256"]), false),
        (json!({"ES256": true}), false),
    ] {
        let (world, session) = announcing(announced.clone(), &[&key]).await;
        let claims = json!({"sub": SUBJECT});
        world
            .control()
            .fault(Endpoint::Userinfo, jwt(&key.sign(&key.header(), &claims)));
        assert_eq!(session.profile(true).await.is_ok(), is_taken, "{announced}");
    }
    for announced in [json!(null), json!([]), json!("RS256"), json!(["none"])] {
        let (world, session) = announcing(announced.clone(), &[]).await;
        world.control().clear_faults(Endpoint::Jwks);
        world.control().change(|settings| settings.userinfo_jwt = true);
        assert!(session.profile(true).await.is_ok(), "{announced}");
    }
    let world = World::new().await;
    world
        .control()
        .change(|settings| settings.algorithm = pilotlight_identity_server::Algorithm::ES256);
    let document = json!({
        "id_token_signing_alg_values_supported": "ES256",
        "userinfo_signing_alg_values_supported": null,
    });
    world
        .control()
        .fault(Endpoint::Discovery, Fault::answer(document).for_ever());
    let session = world.session_with(world.oidc_configuration());
    world.sign_in(&session, ADA).await;
    world.control().change(|settings| settings.userinfo_jwt = true);
    public_profile(&session).await;
}

/// The same rule as for ID tokens.
#[tokio::test]
async fn a_signed_answer_has_expired_when_both_clocks_say_so() {
    let key = Key::new("ES256");
    let (world, session) = announcing(json!(["ES256"]), &[&key]).await;
    let now = seconds_since_1970();
    for (device_ahead, server_ahead, expires_in, is_taken) in [
        (7200, 0, 3600, true),
        (0, 7200, 3600, true),
        (0, 0, -3600, false),
        (7200, 7200, 3600, false),
    ] {
        world.clock.set_wall(device_ahead);
        world.control().set_clock_offset(server_ahead);
        let claims = json!({"sub": SUBJECT, "exp": now + expires_in});
        world
            .control()
            .fault(Endpoint::Userinfo, jwt(&key.sign(&key.header(), &claims)));
        let outcome = session.profile(true).await;
        assert_eq!(outcome.is_ok(), is_taken, "{device_ahead} {server_ahead} {outcome:?}");
    }
}

/// The answer may be signed with a new key, and keys are fetched at most once a minute.
#[tokio::test]
async fn a_signed_answer_whose_key_cannot_be_looked_for_yet_is_for_later() {
    let key = Key::new("ES256");
    let (world, session) = announcing(json!(["ES256"]), &[&key]).await;
    let unknown = json!({"alg": "ES256", "kid": "new"});
    let signed = jwt(&key.sign(&unknown, &json!({"sub": SUBJECT})));
    world.control().fault(Endpoint::Userinfo, signed.for_ever());
    assert_unexpected(&public(session.profile(true).await));
    match session.profile(true).await {
        Err(Error::IdToken(error)) => assert_eq!(error.problem, IdTokenProblem::KeysUnavailable),
        other => panic!("{other:?}"),
    }
}

async fn public_profile(session: &SessionManager) {
    let outcome = session.profile(true).await;
    assert!(outcome.is_ok(), "{:?}", public(outcome));
}
