//! Every possible answer of an issuer to a request for a further audience, and whether the session stays. This makes
//! the table in docs/reliability.md.

use std::fmt::Write as _;

use pilotlight_core::ffi::SessionError;
use pilotlight_identity_server::{Endpoint, Fault, IdTokenFault};
use serde_json::json;

use super::{API, asked, audience, held, is_for, token, world};
use crate::classification::{ENDED, bare, id_token, refusals, row};
use crate::documented::{assert_documented, in_words};
use crate::world::{World, assert_renews, at_least, cached, is_signed_in, public};

/// The answers that do not change the session, in the order of the table. `own` is a token for the session's own
/// audience.
fn others(own: &str) -> Vec<(String, Fault)> {
    let empty = |status| bare(&format!("{status}, empty"), Fault::status(status));
    vec![
        row(400, "invalid_target", ""),
        row(400, "invalid_request", "Missing or invalid parameter: audience"),
        row(403, "access_denied", "Service not found."),
        row(403, "access_denied", "Client is not authorized to access this API."),
        row(403, "access_denied", "Client has not been granted scopes."),
        bare(
            "200, a token for another audience",
            Fault::answer(json!({"access_token": own})),
        ),
        row(403, "access_denied", "Denied by a rule"),
        row(400, "invalid_scope", ""),
        row(403, "unauthorized_client", ""),
        row(400, "unauthorized_client", ""),
        row(401, "invalid_client", ""),
        row(400, "unsupported_grant_type", ""),
        row(403, "mfa_required", ""),
        bare(
            "403, `mfa_required` with an `mfa_token`",
            Fault::json(403, &json!({"error": "mfa_required", "mfa_token": "Fe26.2*x"})),
        ),
        row(400, "interaction_required", ""),
        row(400, "login_required", ""),
        row(400, "consent_required", ""),
        row(429, "too_many_requests", ""),
        bare(
            "429, `Retry-After: 240`",
            Fault::status(429).header("retry-after", "240"),
        ),
        row(503, "temporarily_unavailable", ""),
        row(400, "made_up", ""),
        row(404, "invalid_grant", ""),
        empty(400),
        empty(401),
        empty(403),
        empty(404),
        empty(500),
        bare("502, a page: a proxy", Fault::html(502)),
        bare("200, a page: a captive portal", Fault::html(200)),
        bare("200, no token", Fault::json(200, &json!({}))),
        id_token("of another user", IdTokenFault::new().claim("sub", json!("other"))),
    ]
}

/// The error of an app that asks for the audience and gets this answer every time.
async fn announced(world: &World, fault: Fault) -> SessionError {
    let session = world.session();
    session.restore().await.unwrap();
    world.control().fault(Endpoint::Token, fault.for_ever());
    let with_openid = audience(API, &["openid", "read:messages"]);
    let outcome = asked(&session, &with_openid, at_least(0)).await;
    assert_eq!(held(&session, &with_openid), None, "nothing is given out");
    world.control().clear_faults(Endpoint::Token);
    public(outcome)
}

#[tokio::test]
async fn the_table_row_by_row() {
    let mut table = String::from(
        "| the token endpoint's answer to a request for a further audience | what the app gets |\n| --- | --- |\n",
    );
    for (what, fault) in refusals() {
        let world = world().await;
        drop(world.signed_in().await);
        assert_eq!(in_words(announced(&world, fault).await), ENDED, "{what}");
        let restarted = world.session();
        restarted.restore().await.unwrap();
        assert!(!is_signed_in(&restarted) && cached(&restarted).is_none(), "{what}");
        writeln!(table, "| {what} | {ENDED} |").unwrap();
    }
    let world = world().await;
    let own = cached(&world.signed_in().await).unwrap();
    for (what, fault) in others(&own) {
        let announced = in_words(announced(&world, fault).await);
        assert_ne!(announced, ENDED, "{what}");
        let restarted = world.session();
        restarted.restore().await.unwrap();
        assert!(is_signed_in(&restarted), "{what}");
        assert_eq!(
            cached(&restarted).as_deref(),
            Some(own.as_str()),
            "{what}: the session's own token"
        );
        assert!(is_for(&token(&restarted, &audience(API, &[])).await, API), "{what}");
        writeln!(table, "| {what} | {announced} |").unwrap();
    }
    assert_renews(&world.session()).await;
    let counters = world.control().counters();
    assert_eq!(
        (counters.families_killed, counters.spent_refresh_tokens_presented),
        (0, 0)
    );
    assert_documented("audience-refusals", &table);
}
