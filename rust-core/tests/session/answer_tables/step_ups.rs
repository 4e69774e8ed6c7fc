//! An API that requires another authentication (RFC 9470 3), and the outcomes.

use std::fmt::Write as _;

use pilotlight_core::protocol::challenge::insufficient_authentication;
use pilotlight_identity_server::{Endpoint, Fault, IdTokenFault, MULTI_FACTOR, Signature};
use serde_json::json;
use url::Url;

use super::said;
use crate::documented::assert_documented;
use crate::step_up::to;
use crate::world::{ADA, GRACE, REDIRECT_URI, World, assert_renews};

const HEADERS: [&str; 11] = [
    r#"Bearer error="insufficient_user_authentication", acr_values="urn:a urn:b""#,
    r#"Bearer error="insufficient_user_authentication", max_age="60""#,
    r#"Bearer error="insufficient_user_authentication", acr_values="urn:a", max_age=60"#,
    r#"DPoP algs="ES256", error="insufficient_user_authentication", acr_values="urn:a""#,
    r#"Basic realm="x", Bearer error="insufficient_user_authentication", max_age="60""#,
    r"bearer ERROR=insufficient_user_authentication",
    r#"Bearer error="insufficient_user_authentication", max_age="soon""#,
    r#"Bearer error="insufficient_user_authentication", max_age="60", max_age="0""#,
    r#"Bearer error="insufficient_user_authentication", acr_values="urn:a"#,
    r#"Bearer error="invalid_token""#,
    r#"Bearer error="insufficient_scope", scope="read""#,
];

#[test]
fn each_challenge_says_what_it_asks_for() {
    let mut table = String::from("| `WWW-Authenticate` of a 401 | the app gets |\n| --- | --- |\n");
    for header in HEADERS {
        let said = match insufficient_authentication(&[header.to_owned()]) {
            None => "no step-up".to_owned(),
            Some(asked) => {
                let classes = asked.acr_values.iter().map(|class| format!("`{class}`"));
                let mut all: Vec<_> = classes.collect();
                all.extend(
                    asked
                        .max_age_seconds
                        .map(|seconds| format!("not longer ago than {seconds} s")),
                );
                if all.is_empty() {
                    all.push("another authentication".to_owned());
                }
                format!("a step-up is required: {}", all.join(", "))
            }
        };
        writeln!(table, "| `{header}` | {said} |").unwrap();
    }
    assert_documented("challenges", &table);
}

/// The result of a step-up that asks for a second factor and an authentication at most a minute ago.
enum Return {
    /// An error in the URL with which the browser returns.
    Error(&'static str),
    /// The token endpoint's answer.
    Answer(Fault),
    /// Another user has signed in.
    AnotherUser,
}

fn returns() -> Vec<(String, Return)> {
    let id_token = |fault| Return::Answer(Fault::id_token(fault));
    let token = |what: &str, fault| (format!("ID token: {what}"), id_token(fault));
    let error = |code| (format!("in the URL: `{code}`"), Return::Error(code));
    let broken = IdTokenFault {
        signature: Signature::Broken,
        ..IdTokenFault::new()
    };
    vec![
        ("what was asked for".to_owned(), id_token(IdTokenFault::new())),
        error("unmet_authentication_requirements"),
        error("login_required"),
        error("interaction_required"),
        error("access_denied"),
        error("temporarily_unavailable"),
        ("another user".to_owned(), Return::AnotherUser),
        token("no `acr`", IdTokenFault::new().without("acr")),
        token("another `acr`", IdTokenFault::new().claim("acr", json!("0"))),
        token("no `auth_time`", IdTokenFault::new().without("auth_time")),
        token(
            "`auth_time` of long ago",
            IdTokenFault::new().claim("auth_time", json!(1)),
        ),
        token("its signature is wrong", broken),
        (
            "400, `invalid_grant`".to_owned(),
            Return::Answer(Fault::oauth_error(400, "invalid_grant", "")),
        ),
        (
            "503, every time".to_owned(),
            Return::Answer(Fault::status(503).for_ever()),
        ),
    ]
}

#[tokio::test]
async fn the_table_row_by_row() {
    let mut table = String::from("| what comes back | the app gets |\n| --- | --- |\n");
    for (what, comes) in returns() {
        let world = World::new().await;
        let session = world.signed_in().await;
        let before = world.stored();
        let options = to(&[MULTI_FACTOR], Some(60));
        let request = session.begin_step_up(options).await.unwrap();
        let url = Url::parse(&request.url).unwrap();
        let state = url.query_pairs().find(|(name, _)| name == "state").unwrap().1;
        let user = if matches!(comes, Return::AnotherUser) {
            GRACE
        } else {
            ADA
        };
        let callback = match &comes {
            Return::Error(code) => format!("{REDIRECT_URI}?error={code}&state={state}"),
            _ => world.server.authorize(&request.url, user).await.unwrap(),
        };
        if let Return::Answer(fault) = comes {
            world.control().fault(Endpoint::Token, fault);
        }
        let said = said(session.complete_sign_in(&callback).await);
        world.control().clear_faults(Endpoint::Token);
        assert_eq!(world.stored() == before, said != "works", "{what}");
        world.cooldown();
        assert_renews(&session).await;
        writeln!(table, "| {what} | {said} |").unwrap();
    }
    assert_documented("step-ups", &table);
}
