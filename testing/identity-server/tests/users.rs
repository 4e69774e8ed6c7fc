//! The part of the Management API that users may call for themselves.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests too")]

mod common;

use common::*;
use pilotlight_identity_server::{IdentityServer, RateLimit};
use serde_json::{Value, json};

const ADA_PATH: &str = "api/v2/users/auth0%7Cada";
const ALL: &str = "openid read:current_user update:current_user_metadata create:current_user_metadata";

async fn token(server: &IdentityServer, email: &str, scope: &str) -> String {
    let audience: String = url::form_urlencoded::byte_serialize(server.management_audience().as_bytes()).collect();
    text(
        &tokens(server, email, scope, &format!("&audience={audience}")).await,
        "access_token",
    )
}

async fn patch(server: &IdentityServer, path: &str, token: &str, body: &Value) -> Answer {
    Answer::of(
        http()
            .patch(format!("{}{path}", server.issuer()))
            .bearer_auth(token)
            .json(body),
    )
    .await
}

/// The Management API's error: status, `error`, `errorCode`.
#[track_caller]
fn error(answer: &Answer) -> (u16, String, Option<String>) {
    let json = answer.json();
    assert_eq!(json["statusCode"], answer.status, "{json}");
    assert!(json["message"].is_string(), "{json}");
    (
        answer.status,
        text(&json, "error"),
        json["errorCode"].as_str().map(str::to_owned),
    )
}

#[tokio::test]
async fn a_user_reads_all_of_itself_or_the_fields_it_names() {
    let server = server().await;
    let token = token(&server, ADA, ALL).await;
    let read = async |query: &str| get(&server, &format!("{ADA_PATH}{query}"), &token).await.json();
    let whole = read("").await;
    assert_eq!((&whole["user_id"], &whole["email"]), (&json!("auth0|ada"), &json!(ADA)));
    assert_eq!(whole["user_metadata"]["preferences"]["theme"], "dark");
    assert_eq!(read("?fields=").await, whole, "empty fields mean the whole user");
    assert_eq!(
        read("?fields=email,user_id").await,
        json!({ "email": ADA, "user_id": "auth0|ada" })
    );
    let rest = read("?fields=email,user_id&include_fields=false").await;
    assert!(rest.get("email").is_none() && rest["user_metadata"].is_object());
    assert_eq!(
        error(&get(&server, &format!("{ADA_PATH}?include_fields=perhaps"), &token).await).0,
        400
    );
}

#[tokio::test]
async fn metadata_is_merged_at_the_first_level_only() {
    let server = server().await;
    let token = token(&server, ADA, ALL).await;
    let change = async |metadata: Value| {
        let answer = patch(&server, ADA_PATH, &token, &json!({ "user_metadata": metadata })).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["user_metadata"].clone()
    };
    let changed = change(json!({ "country": "USA", "preferences": { "theme": "light" }, "last_name": null })).await;
    assert_eq!(
        changed,
        json!({ "first_name": "Ada", "country": "USA", "preferences": { "theme": "light" }, "logins_this_week": 3 })
    );
    assert_eq!(json!(server.control().user_metadata(ADA)), changed);
    assert_eq!(change(json!({})).await, json!({}), "an empty object clears everything");
    assert_eq!(change(json!({ "a": 1 })).await, json!({ "a": 1 }));
}

#[tokio::test]
async fn malformed_changes_are_refused_and_change_nothing() {
    let server = server().await;
    let token = token(&server, ADA, ALL).await;
    let before = server.control().user_metadata(ADA);
    for (body, status, code) in [
        (json!({ "user_metadata": { "a.b": 1 } }), 400, "invalid_body"),
        (json!({ "user_metadata": { "a": { "b.c": 1 } } }), 400, "invalid_body"),
        (json!({ "user_metadata": "text" }), 400, "invalid_body"),
        (json!({}), 400, "invalid_body"),
        (json!([]), 400, "invalid_body"),
        (json!({ "app_metadata": { "plan": "gold" } }), 403, "insufficient_scope"),
    ] {
        let answer = patch(&server, ADA_PATH, &token, &body).await;
        let (refused, _, refused_code) = error(&answer);
        assert_eq!((refused, refused_code.as_deref()), (status, Some(code)), "{body}");
    }
    assert_eq!(server.control().user_metadata(ADA), before);
}

#[tokio::test]
async fn each_operation_needs_its_scope() {
    let server = server().await;
    let insufficient = (403, "Forbidden".to_owned(), Some("insufficient_scope".to_owned()));
    let update = token(&server, ADA, "openid update:current_user_metadata").await;
    assert_eq!(error(&get(&server, ADA_PATH, &update).await), insufficient);
    let read = token(&server, ADA, "openid read:current_user").await;
    let body = json!({ "user_metadata": { "a": 1 } });
    assert_eq!(error(&patch(&server, ADA_PATH, &read, &body).await), insufficient);
    assert_eq!(patch(&server, ADA_PATH, &update, &body).await.status, 200);
    let create = token(&server, ADA, "openid create:current_user_metadata").await;
    assert_eq!(
        error(&patch(&server, ADA_PATH, &create, &body).await),
        insufficient,
        "there is metadata already"
    );
    server.control().set_user_metadata(ADA, serde_json::Map::new());
    assert_eq!(patch(&server, ADA_PATH, &create, &body).await.status, 200);
}

#[tokio::test]
async fn a_user_may_touch_itself_only() {
    let server = server().await;
    let token = token(&server, ADA, ALL).await;
    let other = get(&server, "api/v2/users/auth0%7Cgrace", &token).await;
    assert_eq!(
        error(&other),
        (403, "Forbidden".into(), Some("unowned_resource".into()))
    );
    let nobody = get(&server, "api/v2/users/auth0%7Cnobody", &token).await;
    assert_eq!(
        error(&nobody),
        (404, "Not Found".into(), Some("inexistent_user".into()))
    );
    server.control().delete_account(ADA);
    assert_eq!(error(&get(&server, ADA_PATH, &token).await).0, 404);
}

#[tokio::test]
async fn only_a_jwt_for_this_audience_is_let_in() {
    let server = server().await;
    let answer = tokens(&server, ADA, SCOPE, "").await;
    let opaque = get(&server, ADA_PATH, &text(&answer, "access_token")).await;
    assert_eq!(error(&opaque), (400, "Bad Request".into(), Some("Bearer".into())));
    assert_eq!(opaque.json()["message"], "Bad HTTP authentication header format");
    let id_token = text(&answer, "id_token");
    let refused = get(&server, ADA_PATH, &id_token).await;
    assert_eq!(error(&refused).0, 401);
    assert_eq!(refused.json()["message"], "Bad audience: native-app");
    let other = tokens(&server, ADA, ALL, "&audience=https%3A%2F%2Fapi.example.com%2F").await;
    let refused = get(&server, ADA_PATH, &text(&other, "access_token")).await;
    assert!(text(&refused.json(), "message").starts_with("Bad audience: https://api.example.com/"));
    assert_eq!(get(&server, ADA_PATH, "a.b.c").await.json()["message"], "Invalid token");
    assert_eq!(
        Answer::of(http().get(format!("{}{ADA_PATH}", server.issuer())))
            .await
            .status,
        401
    );
    let good = token(&server, ADA, ALL).await;
    server.control().advance(std::time::Duration::from_secs(86_400));
    assert_eq!(error(&get(&server, ADA_PATH, &good).await).0, 401, "expired");
}

#[tokio::test]
async fn an_id_token_is_let_in_by_older_tenants() {
    let server = server_with(|s| s.id_token_as_bearer = true).await;
    let id_token = text(&tokens(&server, ADA, SCOPE, "").await, "id_token");
    assert_eq!(get(&server, ADA_PATH, &id_token).await.status, 200);
    let body = json!({ "user_metadata": { "a": 1 } });
    assert_eq!(patch(&server, ADA_PATH, &id_token, &body).await.status, 200);
    assert_eq!(get(&server, "api/v2/users/auth0%7Cgrace", &id_token).await.status, 403);
}

#[tokio::test]
async fn the_rate_limit_is_each_users_own() {
    let server = server_with(|s| s.rate_limit_management = Some(RateLimit::new(1, 60))).await;
    let ada = token(&server, ADA, ALL).await;
    let grace = token(&server, GRACE, ALL).await;
    assert_eq!(
        get(&server, ADA_PATH, &ada).await.header("x-ratelimit-remaining"),
        Some("0")
    );
    let refused = get(&server, ADA_PATH, &ada).await;
    assert_eq!(
        error(&refused),
        (429, "Too Many Requests".into(), Some("too_many_requests".into()))
    );
    assert!(refused.header("x-ratelimit-reset").is_some() && refused.header("retry-after").is_some());
    assert_eq!(get(&server, "api/v2/users/auth0%7Cgrace", &grace).await.status, 200);
}
