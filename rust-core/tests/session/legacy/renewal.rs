//! Renewal by delegation. This makes the table about delegation in docs/reliability.md.

use std::fmt::Write as _;
use std::time::Duration;

use pilotlight_core::ffi::{SessionError, SignInReason};
use pilotlight_core::machine::error::Error;
use pilotlight_core::model::state::{ReauthenticationReason, SessionState};
use pilotlight_core::session::TokenOptions;
use pilotlight_identity_server::{Endpoint, Fault, IdTokenFault, Signature};
use serde_json::{Value, json};

use super::{older_tenant, opted_in, session_of_lock, signed_in_with_password, stored_credential};
use crate::classification::{bare, id_token as id_token_row, row};
use crate::documented::{assert_documented, in_words};
use crate::import::{assert_imported, lock};
use crate::world::{ADA, World, disk_full, forced, is_signed_in, public};

const HOUR: i64 = 3600;
const DEAD: &str = "Unknown or invalid refresh token.";
const ENDED: &str = "**the session has ended**";

/// The ID token expires for the device and for the issuer.
fn a_night_passes(world: &World) {
    world.clock.advance(11 * HOUR);
    world.control().advance(Duration::from_secs(11 * 3600));
}

async fn id_token(session: &pilotlight_core::session::SessionManager) -> Result<String, Error> {
    let token = session.id_token(Duration::ZERO).await?;
    Ok(token.expose().to_owned())
}

#[tokio::test]
async fn a_session_of_locks_is_a_full_citizen() {
    let world = older_tenant(|_| {}).await;
    let session = session_of_lock(&world).await;
    assert!(is_signed_in(&session) && session.has_valid_session(Duration::ZERO));
    let first = id_token(&session).await.unwrap();
    assert_eq!(world.control().seen(Endpoint::Delegation), 0);
    a_night_passes(&world);
    assert!(is_signed_in(&session), "it can be renewed");
    assert!(session.with_cached_id_token(Duration::ZERO, str::to_owned).is_none());
    let refresh_token = stored_credential(&world, "refresh_token");
    let second = id_token(&session).await.unwrap();
    assert_ne!(first, second);
    assert_eq!(stored_credential(&world, "id_token"), second);
    assert_eq!(stored_credential(&world, "refresh_token"), refresh_token);
    let Some(SessionState::SignedIn { expires_at, .. }) = session.state() else {
        panic!("not signed in");
    };
    assert!((expires_at.0 - world.control().now() - 10 * HOUR).abs() < 60);
    let restarted = world.session_with(opted_in(&world));
    restarted.restore().await.unwrap();
    assert_eq!(id_token(&restarted).await.unwrap(), second);
    assert_eq!(world.control().seen(Endpoint::Delegation), 1);
    restarted.sign_out().await;
    assert_eq!(world.stored(), None);
    assert_eq!(world.control().counters().families_revoked, 1);
}

#[tokio::test]
async fn min_ttl_renews_a_token_that_is_good_for_less() {
    let world = older_tenant(|_| {}).await;
    let session = session_of_lock(&world).await;
    world.clock.advance(5 * HOUR);
    world.control().advance(Duration::from_secs(5 * 3600));
    id_token(&session).await.unwrap();
    assert_eq!(world.control().seen(Endpoint::Delegation), 0);
    session.id_token(Duration::from_secs(6 * 3600)).await.unwrap();
    assert_eq!(world.control().seen(Endpoint::Delegation), 1);
    // Checked after one renewal, and not again at once.
    for _ in 0..5 {
        let too_much = public(session.id_token(Duration::from_secs(11 * 3600)).await);
        assert!(
            matches!(&too_much, SessionError::FixArgument { argument, .. } if argument == "min_ttl"),
            "{too_much:?}"
        );
        assert_eq!(world.control().seen(Endpoint::Delegation), 2);
    }
}

#[tokio::test]
async fn however_many_ask_one_delegation_is_sent() {
    let world = older_tenant(|_| {}).await;
    let session = session_of_lock(&world).await;
    a_night_passes(&world);
    world.control().fault(Endpoint::Delegation, Fault::hold());
    let callers: Vec<_> = (0..10)
        .map(|_| {
            let session = session.clone();
            tokio::spawn(async move { id_token(&session).await.unwrap() })
        })
        .collect();
    world.control().wait_for_held(Endpoint::Delegation, 1).await;
    world.control().release(Endpoint::Delegation);
    let mut tokens = Vec::new();
    for caller in callers {
        tokens.push(caller.await.unwrap());
    }
    tokens.dedup();
    assert_eq!(tokens.len(), 1);
    assert_eq!(world.control().seen(Endpoint::Delegation), 1);
}

#[tokio::test]
async fn nobody_gets_a_token_before_the_store_has_it() {
    let world = older_tenant(|_| {}).await;
    let session = session_of_lock(&world).await;
    a_night_passes(&world);
    let (_, writes) = world.store.counts();
    let gate = world.store.gate.lock().await;
    let caller = tokio::spawn({
        let session = session.clone();
        async move { id_token(&session).await }
    });
    world.store.wait_for_write(writes).await;
    assert!(session.with_cached_id_token(Duration::ZERO, str::to_owned).is_none());
    assert!(!caller.is_finished());
    drop(gate);
    let token = caller.await.unwrap().unwrap();
    assert_eq!(stored_credential(&world, "id_token"), token);
    // If it cannot be stored, the caller gets the error; the next call gets the token, and stores it.
    a_night_passes(&world);
    world.store.fail_writes(Some(disk_full()));
    assert!(matches!(
        public(session.id_token(Duration::ZERO).await),
        SessionError::CheckStorage { status: Some(28), .. }
    ));
    world.store.fail_writes(None);
    let token = id_token(&session).await.unwrap();
    assert_eq!(stored_credential(&world, "id_token"), token);
    assert_eq!(world.control().seen(Endpoint::Delegation), 2);
}

#[tokio::test]
async fn a_sign_out_meanwhile_wins() {
    let world = older_tenant(|_| {}).await;
    let session = session_of_lock(&world).await;
    a_night_passes(&world);
    world
        .control()
        .fault(Endpoint::Delegation, Fault::hold().after_processing());
    let late = tokio::spawn({
        let session = session.clone();
        async move { id_token(&session).await }
    });
    world.control().wait_for_held(Endpoint::Delegation, 1).await;
    session.sign_out().await;
    world.control().release(Endpoint::Delegation);
    assert_eq!(late.await.unwrap(), Err(Error::NoSession));
    assert_eq!(world.stored(), None);
}

#[tokio::test]
async fn without_a_refresh_token_the_id_token_is_delegated_while_it_lives() {
    let world = older_tenant(|_| {}).await;
    let mut configuration = opted_in(&world);
    configuration.scopes = vec!["openid".to_owned()];
    let session = world.session_with(configuration);
    session.sign_in_with_password(super::ada()).await.unwrap();
    assert_eq!(stored_credential(&world, "refresh_token"), Value::Null);
    world.clock.advance(5 * HOUR);
    world.control().advance(Duration::from_secs(5 * 3600));
    session.id_token(Duration::from_secs(9 * 3600)).await.unwrap();
    assert_eq!(world.control().counters().delegations_honoured, 1);
    // The issuer refuses, but that does not end a valid token.
    world.clock.advance(5 * HOUR);
    world.control().fault(
        Endpoint::Delegation,
        Fault::oauth_error(400, "invalid_grant", "jwt expired"),
    );
    let refused = public(session.id_token(Duration::from_secs(9 * 3600)).await);
    assert!(
        matches!(
            refused,
            SessionError::SignIn {
                reason: SignInReason::AccessDenied,
                ..
            }
        ),
        "{refused:?}"
    );
    assert!(is_signed_in(&session) && session.has_valid_session(Duration::ZERO));
    id_token(&session).await.unwrap();
    a_night_passes(&world);
    assert_eq!(
        session.state(),
        Some(SessionState::ReauthenticationRequired {
            reason: ReauthenticationReason::NoRefreshToken
        })
    );
    assert!(!session.has_valid_session(Duration::ZERO));
    assert_eq!(
        id_token(&session).await,
        Err(Error::Reauthenticate(ReauthenticationReason::NoRefreshToken))
    );
}

#[tokio::test]
async fn a_clock_that_is_wrong_by_a_year_changes_nothing_and_one_set_back_means_renewal() {
    let world = older_tenant(|_| {}).await;
    world.clock.set_wall(-365 * 24 * HOUR);
    let session = signed_in_with_password(&world).await;
    id_token(&session).await.unwrap();
    world.clock.advance(9 * HOUR);
    id_token(&session).await.unwrap();
    assert_eq!(world.control().seen(Endpoint::Delegation), 0);
    world.clock.set_wall(-2 * 365 * 24 * HOUR);
    id_token(&session).await.unwrap();
    assert_eq!(world.control().seen(Endpoint::Delegation), 1);
}

#[tokio::test]
async fn an_ordinary_session_is_renewed_as_ever() {
    let world = older_tenant(|_| {}).await;
    let session = world.session_with(opted_in(&world));
    world.sign_in(&session, ADA).await;
    let access_token = session.access_token(TokenOptions::default()).await.unwrap();
    let first = id_token(&session).await.unwrap();
    assert_eq!(stored_credential(&world, "id_token"), first);
    assert_eq!(world.refresh_grants(), 0);
    let renewed = session.access_token(forced()).await.unwrap();
    assert_ne!(renewed, access_token);
    assert_eq!(world.refresh_grants(), 1);
    // The ID token (10 h) expires before the access token (24 h).
    a_night_passes(&world);
    let second = id_token(&session).await.unwrap();
    assert_ne!(second, first);
    assert_eq!(stored_credential(&world, "id_token"), second);
    assert_eq!(world.refresh_grants(), 2);
    assert_eq!(world.control().seen(Endpoint::Delegation), 0);
    // Callers of both kinds share one renewal, and each gets its kind of token.
    a_night_passes(&world);
    world.control().fault(Endpoint::Token, Fault::hold());
    let ids = tokio::spawn({
        let session = session.clone();
        async move { id_token(&session).await.unwrap() }
    });
    world.control().wait_for_held(Endpoint::Token, 1).await;
    let accesses = tokio::spawn({
        let session = session.clone();
        async move { session.access_token(forced()).await.unwrap() }
    });
    tokio::task::yield_now().await;
    world.control().release(Endpoint::Token);
    let (id, access) = (ids.await.unwrap(), accesses.await.unwrap());
    assert_eq!(stored_credential(&world, "id_token"), id);
    assert_eq!(stored_credential(&world, "access_token"), access.expose());
}

fn rows(now: i64) -> Vec<(String, Fault)> {
    let claim = |name: &str, value: Value| IdTokenFault::new().claim(name, value);
    vec![
        row(400, "invalid_grant", ""),
        row(401, "invalid_grant", ""),
        row(403, "invalid_grant", DEAD),
        row(403, "access_denied", DEAD),
        row(404, "invalid_grant", ""),
        row(429, "invalid_grant", DEAD),
        row(500, "invalid_grant", DEAD),
        row(403, "access_denied", "Denied by a rule"),
        row(401, "unauthorized", "user is blocked"),
        row(403, "mfa_required", ""),
        row(404, "endpoint_disabled", ""),
        row(403, "unauthorized_client", ""),
        row(403, "unsupported_grant_type", ""),
        row(401, "invalid_client", ""),
        row(400, "invalid_request", ""),
        row(400, "invalid_scope", ""),
        row(400, "made_up", ""),
        row(429, "too_many_requests", ""),
        row(503, "temporarily_unavailable", ""),
        bare("400, empty", Fault::status(400)),
        bare("401, empty", Fault::status(401)),
        bare("403, empty", Fault::status(403)),
        bare("404, empty", Fault::status(404)),
        bare("404, a page: somebody else's server", Fault::html(404)),
        bare("200, a page: a captive portal", Fault::html(200)),
        bare("403, a page: a firewall", Fault::html(403)),
        bare("500, empty", Fault::status(500)),
        bare(
            "503, `Retry-After: 120`",
            Fault::status(503).header("retry-after", "120"),
        ),
        bare("200, not JSON", Fault::garbage_json()),
        bare("200, no token", Fault::json(200, &json!({}))),
        bare(
            "200, `invalid_grant`",
            Fault::json(200, &json!({ "error": "invalid_grant" })),
        ),
        bare("the connection broke", Fault::reset()),
        id_token_row("expired an hour ago", claim("exp", json!(now - HOUR))),
        id_token_row("of another issuer", claim("iss", json!("https://other.example/"))),
        id_token_row("for another client", claim("aud", json!("other"))),
        id_token_row("of another user", claim("sub", json!("other"))),
        id_token_row(
            "its signature is wrong",
            IdTokenFault::new().signature(Signature::Broken),
        ),
        id_token_row("not signed", IdTokenFault::new().signature(Signature::None)),
        id_token_row(
            "signed with a client's secret",
            IdTokenFault::new().signature(Signature::Hs256),
        ),
    ]
}

#[tokio::test]
async fn the_table_row_by_row() {
    let mut table = String::from("| the answer to a delegation | what the app gets |\n| --- | --- |\n");
    for (what, fault) in rows(older_tenant(|_| {}).await.control().now()) {
        let world = older_tenant(|_| {}).await;
        let session = session_of_lock(&world).await;
        let stored = world.stored();
        // Due only by the device's clock: the issuer's clock stays where the rows were made.
        world.clock.advance(11 * HOUR);
        world.control().fault(Endpoint::Delegation, fault.for_ever());
        let announced = match session.id_token(Duration::ZERO).await {
            Ok(_) => "renewed".to_owned(),
            Err(error) => in_words(public::<(), _>(Err(error))),
        };
        world.control().clear_faults(Endpoint::Delegation);
        writeln!(table, "| {what} | {announced} |").unwrap();
        if announced == ENDED {
            assert_eq!(stored_credential(&world, "refresh_token"), Value::Null, "{what}");
            assert!(!is_signed_in(&session), "{what}");
            continue;
        }
        if announced != "renewed" {
            assert_eq!(world.stored(), stored, "{what}");
        }
        assert!(is_signed_in(&session), "{what}");
        world.cooldown();
        id_token(&session).await.unwrap();
    }
    assert_documented("delegation", &table);
}

#[tokio::test]
async fn what_lock_stored_is_imported_and_lives_by_its_id_token() {
    let world = older_tenant(|_| {}).await;
    drop(signed_in_with_password(&world).await);
    for name in ["id_token", "refresh_token"] {
        let token = stored_credential(&world, name);
        world.foreign.put("Auth0", name, token.as_str().unwrap().as_bytes());
    }
    world.store.clear();
    let session = world.session_with(opted_in(&world));
    assert_imported(&session.import_session(lock()).await.unwrap());
    let first = id_token(&session).await.unwrap();
    assert_eq!(world.control().seen(Endpoint::Delegation), 0, "it is still good");
    a_night_passes(&world);
    assert_ne!(id_token(&session).await.unwrap(), first);
    assert_eq!(world.control().counters().delegations_honoured, 1);
    assert_eq!(world.refresh_grants(), 0);
}
