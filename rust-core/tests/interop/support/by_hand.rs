//! Requests that do not come from the session: from somebody who has its tokens, or from a user at the server's pages.

use pilotlight_core::adapters::http::HttpTransport;
use pilotlight_core::adapters::proof_keys::SoftwareKeys;
use pilotlight_core::adapters::system::SystemClock;
use pilotlight_core::jose::{ProofClaims, signed_proof, unsigned_proof};
use pilotlight_core::model::proof_key::ProofKey;
use pilotlight_core::model::secret::Secret;
use pilotlight_core::ports::{Clock as _, ProofKeys as _, Transport as _};
use pilotlight_core::protocol::dpop::nonce;
use pilotlight_core::protocol::message::{HttpAnswer, HttpRequest};
use serde_json::Value;
use url::Url;

use super::world::{Endpoints, REDIRECT_URI, World};

/// Presents a refresh token as anyone who has it could. Returns the status and the JSON answer.
pub(crate) async fn present_refresh_token(world: &World, refresh_token: &Secret) -> (u16, Value) {
    json_of(send(refresh_request(world, refresh_token)).await)
}

/// The same, with a proof made with the thief's own key (DPoP, RFC 9449).
pub(crate) async fn present_refresh_token_with(world: &World, refresh_token: &Secret, key: &ProofKey) -> (u16, Value) {
    let id = Secret::new("a proof of the thief's");
    let url = &world.endpoints.token;
    let claims = ProofClaims {
        id: &id,
        method: "POST",
        url,
        issued_at: SystemClock.now().wall,
        nonce: None,
        access_token: None,
    };
    let unsigned = unsigned_proof(&key.public, &claims);
    let signature = SoftwareKeys.sign(key, unsigned.as_bytes()).await.unwrap();
    let request = refresh_request(world, refresh_token);
    json_of(send(request.with_proof(&signed_proof(&unsigned, &signature), None)).await)
}

fn refresh_request(world: &World, refresh_token: &Secret) -> HttpRequest {
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", world.server.client_id()),
        ("refresh_token", refresh_token.expose()),
    ];
    HttpRequest::post_form(world.endpoints.token.clone(), form)
}

fn json_of(answer: HttpAnswer) -> (u16, Value) {
    (answer.status, serde_json::from_slice(answer.body.expose()).unwrap())
}

/// The status of userinfo for an access token without a proof.
pub(crate) async fn userinfo_status(world: &World, access_token: &Secret) -> u16 {
    send(userinfo_request(world).with_bearer(access_token)).await.status
}

/// An API's answer to an app that sends the request itself.
pub(crate) struct ApiAnswer {
    pub(crate) status: u16,
    /// For the next proof to this API.
    pub(crate) nonce: Option<String>,
}

/// The answer of userinfo to an access token with this proof.
pub(crate) async fn answer_of_userinfo(world: &World, access_token: &Secret, proof: &str) -> ApiAnswer {
    let answer = send(userinfo_request(world).with_proof(proof, Some(access_token))).await;
    ApiAnswer {
        status: answer.status,
        nonce: nonce(&answer).map(str::to_owned),
    }
}

fn userinfo_request(world: &World) -> HttpRequest {
    HttpRequest::get(world.endpoints.userinfo.clone(), "application/json")
}

/// Plays a user who opens `authorize_url` at oidc-provider and presses "Cancel". Returns the callback URL.
pub(crate) async fn cancel_at_oidc_provider(authorize_url: &str) -> String {
    let mut cookies = Vec::new();
    let page = open(Url::parse(authorize_url).unwrap(), &mut cookies).await;
    let cancel = HttpRequest::post_form(page, [("answer", "cancel")]);
    let mut next = follow(cancel, &mut cookies).await;
    while !next.as_str().starts_with(REDIRECT_URI) {
        next = open(next, &mut cookies).await;
    }
    next.into()
}

async fn open(url: Url, cookies: &mut Vec<String>) -> Url {
    follow(HttpRequest::get(url, "text/html"), cookies).await
}

/// The location of the redirect that answers `request`. All cookies are kept and sent, because there is only one
/// server.
async fn follow(request: HttpRequest, cookies: &mut Vec<String>) -> Url {
    let url = request.url.clone();
    let answer = send(request.with_header("cookie", &cookies.join("; "))).await;
    let set = answer.headers.iter().filter(|(name, _)| name == "set-cookie");
    cookies.extend(set.filter_map(|(_, value)| value.split(';').next()).map(str::to_owned));
    let location = answer.header("location");
    let location = location.unwrap_or_else(|| panic!("{} is no redirect", answer.status));
    url.join(location).unwrap()
}

pub(super) async fn discover(issuer: &str) -> Endpoints {
    let url = format!("{issuer}/.well-known/openid-configuration");
    let answer = send(HttpRequest::get(Url::parse(&url).unwrap(), "application/json")).await;
    let document: Value = serde_json::from_slice(answer.body.expose()).unwrap();
    let endpoint = |name: &str| Url::parse(document[name].as_str().unwrap()).unwrap();
    Endpoints {
        token: endpoint("token_endpoint"),
        keys: endpoint("jwks_uri"),
        userinfo: endpoint("userinfo_endpoint"),
    }
}

async fn send(request: HttpRequest) -> HttpAnswer {
    HttpTransport::new().send(request).await.unwrap()
}
