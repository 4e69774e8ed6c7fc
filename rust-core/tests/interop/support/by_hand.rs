//! Requests of others than the session: somebody who has its tokens, or a user at the server's pages.

use pilotlight_core::adapters::http::HttpTransport;
use pilotlight_core::model::secret::Secret;
use pilotlight_core::ports::Transport as _;
use pilotlight_core::protocol::message::{HttpAnswer, HttpRequest};
use serde_json::Value;
use url::Url;

use super::world::{Endpoints, REDIRECT_URI, World};

/// Presents a refresh token as anyone who holds it could: the status and the JSON answer.
pub(crate) async fn present_refresh_token(world: &World, refresh_token: &Secret) -> (u16, Value) {
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", world.server.client_id()),
        ("refresh_token", refresh_token.expose()),
    ];
    let answer = send(HttpRequest::post_form(world.endpoints.token.clone(), form)).await;
    (answer.status, serde_json::from_slice(answer.body.expose()).unwrap())
}

/// How userinfo answers an access token.
pub(crate) async fn userinfo_status(world: &World, access_token: &Secret) -> u16 {
    let request = HttpRequest::get(world.endpoints.userinfo.clone(), "application/json");
    send(request.with_bearer(access_token)).await.status
}

/// A user who opens `authorize_url` at oidc-provider and presses "Cancel": the callback URL.
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

/// Where the redirect that answers `request` leads. Cookies are sent and kept, all of them: there is but one server.
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
