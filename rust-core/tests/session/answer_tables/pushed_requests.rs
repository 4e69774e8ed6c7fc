//! Pushed authorization requests (RFC 9126 2.3).

use std::fmt::Write as _;

use pilotlight_core::model::configuration::SessionConfiguration;
use pilotlight_core::session::SignInOptions;
use pilotlight_identity_server::{Endpoint, Fault};
use serde_json::json;

use super::said;
use crate::classification::{bare, row};
use crate::documented::assert_documented;
use crate::world::{ADA, World, assert_renews, is_signed_in};

fn answers() -> Vec<(String, Fault)> {
    let created = |body| Fault::json(201, &body);
    vec![
        row(401, "invalid_client", ""),
        row(400, "unauthorized_client", ""),
        row(400, "invalid_request", ""),
        row(400, "invalid_request_object", ""),
        row(400, "invalid_redirect_uri", ""),
        row(400, "invalid_scope", ""),
        row(400, "invalid_target", ""),
        row(403, "access_denied", ""),
        row(400, "made_up", ""),
        row(429, "slow_down", ""),
        row(503, "temporarily_unavailable", ""),
        bare("404, JSON", Fault::json(404, &json!({}))),
        bare("404, a page", Fault::html(404)),
        bare("405, empty", Fault::status(405)),
        bare("413, empty", Fault::status(413)),
        bare("429, empty", Fault::status(429)),
        bare("500, empty", Fault::status(500)),
        bare("201, no `request_uri`", created(json!({"expires_in": 30}))),
        bare(
            "201, `request_uri` that is no text",
            created(json!({"request_uri": 7, "expires_in": 30})),
        ),
        bare("201, not JSON", Fault::garbage_json()),
        bare("200, a page: a captive portal", Fault::html(200)),
    ]
}

#[tokio::test]
async fn the_table_row_by_row() {
    let mut table = String::from("| the endpoint's answer | the app gets |\n| --- | --- |\n");
    for (what, fault) in answers() {
        let world = World::new().await;
        let session = world.session_with(SessionConfiguration {
            pushes_authorization_requests: true,
            ..world.configuration()
        });
        world.sign_in(&session, ADA).await;
        let stored = world.stored();
        world.control().fault(Endpoint::PushedAuthorization, fault.for_ever());
        let said = said(session.begin_sign_in(SignInOptions::default()).await);
        writeln!(table, "| {what} | {said} |").unwrap();
        // It began nothing, and the existing session continues.
        world.control().clear_faults(Endpoint::PushedAuthorization);
        world.cooldown();
        assert!(is_signed_in(&session) && world.stored() == stored, "{what}");
        assert_renews(&session).await;
        world.sign_in(&session, ADA).await;
    }
    assert_documented("pushed-requests", &table);
}
