//! Proofs of possession (RFC 9449 5, 7.1, 8 and 9), at the token endpoint and at an endpoint that takes a token.

use std::fmt::Write as _;

use pilotlight_identity_server::{Endpoint, Fault};
use serde_json::json;

use super::said;
use crate::documented::assert_documented;
use crate::dpop::{assert_all_is_well, bound, required, world};
use crate::world::{ADA, forced, is_signed_in};

/// The fault at the token endpoint, and the one at an endpoint that takes a token; `None` if it cannot occur there.
type Row = (&'static str, Option<Fault>, Option<Fault>);

fn rows() -> Vec<Row> {
    let token = |code| Fault::oauth_error(400, code, "");
    let resource = |code: &str| Fault::status(401).header("www-authenticate", &format!("DPoP error=\"{code}\""));
    let nonce = |fault: Fault| Some(fault.header("dpop-nonce", "another"));
    let wants = "use_dpop_nonce";
    vec![
        (
            "`use_dpop_nonce` with a nonce, once",
            nonce(token(wants)),
            nonce(resource(wants)),
        ),
        (
            "`use_dpop_nonce` with a nonce, every time",
            nonce(token(wants).for_ever()),
            nonce(resource(wants).for_ever()),
        ),
        (
            "`use_dpop_nonce` without a nonce",
            Some(token(wants).for_ever()),
            Some(resource(wants).for_ever()),
        ),
        (
            "`invalid_dpop_proof`",
            Some(token("invalid_dpop_proof").for_ever()),
            Some(resource("invalid_dpop_proof").for_ever()),
        ),
        (
            "`invalid_token`",
            Some(token("invalid_token").for_ever()),
            Some(resource("invalid_token").for_ever()),
        ),
        (
            "503, with a nonce",
            nonce(Fault::status(503).for_ever()),
            nonce(Fault::status(503).for_ever()),
        ),
        (
            "200, `token_type` Bearer",
            Some(Fault::answer(json!({"token_type": "Bearer"})).for_ever()),
            None,
        ),
    ]
}

#[tokio::test]
async fn the_table_row_by_row() {
    let mut table = String::from(
        "| the answer | at a sign-in | at a renewal | at the userinfo endpoint | at the Management API |\n| --- | --- | --- | --- | --- |\n",
    );
    for (what, at_token, at_resource) in rows() {
        let mut cells = Vec::new();
        for column in 0..4 {
            let (endpoint, fault) = match column {
                2 => (Endpoint::Userinfo, at_resource.clone()),
                3 => (Endpoint::Users, at_resource.clone()),
                _ => (Endpoint::Token, at_token.clone()),
            };
            let Some(fault) = fault else {
                cells.push("–".to_owned());
                continue;
            };
            let world = world().await;
            let session = bound(&world).await;
            let key = session.bound_key();
            let said = match column {
                0 => {
                    let another = world.session_named(required(&world), "another");
                    let callback = world.callback(&another, ADA).await;
                    world.control().fault(endpoint, fault);
                    said(another.complete_sign_in(&callback).await)
                }
                1 => {
                    world.control().fault(endpoint, fault);
                    said(session.access_token(forced()).await)
                }
                2 => {
                    world.control().fault(endpoint, fault);
                    said(session.profile(true).await)
                }
                _ => {
                    world.control().fault(endpoint, fault);
                    said(session.fetch_metadata(&[]).await)
                }
            };
            cells.push(said);
            world.control().clear_faults(endpoint);
            world.cooldown();
            assert!(is_signed_in(&session), "{what}");
            assert_all_is_well(&world, &session).await;
            assert_eq!(session.bound_key(), key, "{what}");
        }
        writeln!(table, "| {what} | {} |", cells.join(" | ")).unwrap();
    }
    assert_documented("proofs", &table);
}
