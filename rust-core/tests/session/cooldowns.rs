//! Failing renewals do not flood an issuer, and a cooldown for one kind of renewal does not affect another.

use std::time::Duration;

use pilotlight_core::ffi::SessionError;
use pilotlight_core::machine::error::Error;
use pilotlight_core::protocol::exchanged_token::OwnToken;
use pilotlight_core::session::{RefreshOptions, SessionManager, SignOutOutcome};
use pilotlight_identity_server::{Endpoint, Fault, Options, RequestRecord};
use serde_json::json;

use crate::audiences::{self, api, other};
use crate::device_sso;
use crate::exchange;
use crate::sharing::app_and_extension;
use crate::world::{ADA, GRACE, World, assert_renews, at_least, forced, public};

async fn with_further_audiences() -> (World, SessionManager) {
    let world = audiences::world().await;
    let session = world.signed_in().await;
    (world, session)
}

/// How often the issuer gets requests for 20 calls that meet `trouble`.
async fn asked_by_twenty_calls(world: &World, session: &SessionManager, trouble: Fault) -> u64 {
    world.control().fault(Endpoint::Token, trouble.for_ever());
    let asked = world.control().seen(Endpoint::Token);
    for _ in 0..20 {
        session.access_token(forced()).await.unwrap_err();
    }
    world.control().clear_faults(Endpoint::Token);
    world.control().seen(Endpoint::Token) - asked
}

#[tokio::test]
async fn a_wait_of_nothing_is_no_wish_that_is_granted() {
    let world = World::new().await;
    let session = world.signed_in().await;
    for status in [429, 503] {
        let trouble = Fault::status(status).header("retry-after", "0");
        assert!(asked_by_twenty_calls(&world, &session, trouble).await <= 3, "{status}");
        world.cooldown();
        assert_renews(&session).await;
    }
}

/// Whatever an answer says: if nothing has changed, the next one will be the same.
#[tokio::test]
async fn every_failure_after_which_nothing_has_changed_begins_a_cooldown() {
    let world = World::new().await;
    let session = world.signed_in().await;
    for trouble in [
        Fault::oauth_error(400, "invalid_scope", ""),
        Fault::oauth_error(401, "invalid_client", ""),
        Fault::oauth_error(403, "mfa_required", ""),
        Fault::oauth_error(403, "access_denied", "by a rule"),
        Fault::oauth_error(400, "made_up", ""),
        Fault::html(200),
        Fault::status(404),
        Fault::status(405),
        Fault::answer_without(&["access_token"]),
    ] {
        assert_eq!(
            asked_by_twenty_calls(&world, &session, trouble.clone()).await,
            1,
            "{trouble:?}"
        );
        world.clock.advance(31);
        assert_renews(&session).await;
    }
}

/// Another session begins, and the issuer's answers to the last one do not apply to it.
#[tokio::test]
async fn a_cooldown_ends_with_a_sign_in() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let refusal = Fault::oauth_error(400, "invalid_scope", "");
    assert!(asked_by_twenty_calls(&world, &session, refusal).await < 20);
    world.sign_in(&session, ADA).await;
    assert_renews(&session).await;
}

#[tokio::test]
async fn a_cooldown_ends_with_a_sign_in_in_another_process_unless_the_issuer_itself_is_in_trouble() {
    for (refusal, ends) in [
        (Fault::oauth_error(400, "made_up", ""), true),
        (Fault::status(429).header("retry-after", "240"), false),
    ] {
        let (world, app, extension, _folder) = app_and_extension().await;
        world.control().fault(Endpoint::Token, refusal);
        app.access_token(forced()).await.unwrap_err();
        world.sign_in(&extension, GRACE).await;
        app.restore().await.unwrap();
        let token = app.access_token(forced()).await;
        assert_eq!(token.is_ok(), ends, "{token:?}");
    }
}

/// The answer comes when the session that asked is gone.
#[tokio::test]
async fn a_refusal_that_comes_late_begins_no_cooldown_for_the_next_session() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let callback = world.callback(&session, GRACE).await;
    let renewals = |fault: Fault| world.control().fault(Endpoint::Token, fault.grant("refresh_token"));
    renewals(Fault::hold());
    renewals(Fault::oauth_error(403, "mfa_required", ""));
    let renewing = tokio::spawn({
        let session = session.clone();
        async move { session.access_token(forced()).await }
    });
    world.control().wait_for_held(Endpoint::Token, 1).await;
    session.complete_sign_in(&callback).await.unwrap();
    world.control().release(Endpoint::Token);
    let _ = renewing.await.unwrap();
    assert_renews(&session).await;
}

#[tokio::test]
async fn a_cooldown_ends_also_while_the_device_sleeps() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let trouble = Fault::status(429).header("retry-after", "240");
    world.control().fault(Endpoint::Token, trouble);
    session.access_token(forced()).await.unwrap_err();
    world.clock.set_wall(239);
    session.access_token(forced()).await.unwrap_err();
    world.clock.set_wall(241);
    assert_renews(&session).await;
}

#[tokio::test]
async fn trouble_with_a_further_audience_does_not_keep_the_session_from_its_own_token() {
    for trouble in [
        Fault::oauth_error(400, "made_up", ""),
        Fault::oauth_error(400, "invalid_target", ""),
        Fault::oauth_error(403, "access_denied", "Service not found"),
        Fault::json(400, &json!({})),
        Fault::status(429).header("retry-after", "240"),
    ] {
        let (world, session) = with_further_audiences().await;
        world.control().fault(Endpoint::Token, trouble.clone());
        session.access_token_for(&api(), at_least(0)).await.unwrap_err();
        let asked = world.control().seen(Endpoint::Token);
        session.access_token_for(&api(), at_least(0)).await.unwrap_err();
        assert_eq!(world.control().seen(Endpoint::Token), asked, "{trouble:?}");
        assert_renews(&session).await;
        session.access_token_for(&other(), at_least(0)).await.unwrap();
    }
}

#[tokio::test]
async fn scopes_that_the_issuer_refuses_do_not_keep_the_session_from_its_token() {
    let world = World::new().await;
    let session = world.signed_in().await;
    world
        .control()
        .fault(Endpoint::Token, Fault::oauth_error(400, "invalid_scope", ""));
    let options = RefreshOptions {
        scopes: vec!["openid".to_owned()],
        parameters: Vec::new(),
    };
    session.refresh(options).await.unwrap_err();
    assert_renews(&session).await;
}

#[tokio::test]
async fn an_issuer_that_cannot_be_asked_for_the_session_is_asked_for_no_further_audience_either() {
    let (world, session) = with_further_audiences().await;
    let trouble = Fault::status(429).header("retry-after", "240");
    world.control().fault(Endpoint::Token, trouble);
    session.access_token(forced()).await.unwrap_err();
    let asked = world.control().seen(Endpoint::Token);
    let error = session.access_token_for(&api(), at_least(0)).await.unwrap_err();
    assert!(matches!(error, Error::RateLimited { .. }), "{error:?}");
    assert_eq!(world.control().seen(Endpoint::Token), asked);
}

/// As some issuers renew: without an ID token. Each renewal rotates the refresh token.
#[tokio::test]
async fn an_id_token_that_never_comes_is_not_asked_for_with_every_call() {
    let options = exchange::options().with(|settings| settings.id_token_lifetime = 3600);
    let world = World::with(options).await;
    let mut configuration = device_sso::first(&world);
    configuration.legacy = true;
    let session = world.session_with(configuration);
    world.sign_in(&session, ADA).await;
    let without = Fault::answer_without(&["id_token"]).for_ever();
    world.control().fault(Endpoint::Token, without);

    // One that is good still, but not good enough for the exchange.
    let refusal = Fault::oauth_error(400, "invalid_token", "").grant(exchange::TOKEN_EXCHANGE);
    world.control().fault(Endpoint::Token, refusal.for_ever());
    let of_id_token = exchange::standard(OwnToken::IdToken);
    for _ in 0..10 {
        exchange::asked(&session, &of_id_token).await.unwrap_err();
    }
    assert_eq!((world.refresh_grants(), exchanges_refused(&world)), (1, 1));

    world.cooldown();
    world.control().advance(Duration::from_secs(25 * 3600));
    for _ in 0..10 {
        session.device_sso().await.unwrap();
        session.id_token(Duration::ZERO).await.unwrap_err();
        exchange::asked(&session, &of_id_token).await.unwrap_err();
    }
    assert_eq!((world.refresh_grants(), exchanges_refused(&world)), (2, 1));
    assert_renews(&session).await;

    world.control().clear_faults(Endpoint::Token);
    world.cooldown();
    session.id_token(Duration::ZERO).await.unwrap();
    assert_eq!(world.refresh_grants(), 4);
}

fn exchanges_refused(world: &World) -> usize {
    let requests = world.control().requests();
    let is_exchange = |request: &&RequestRecord| request.grant_type.as_deref() == Some(exchange::TOKEN_EXCHANGE);
    requests.iter().filter(is_exchange).count()
}

#[tokio::test]
async fn nor_for_requests_that_carry_it() {
    let world = World::with(Options::default().with(|s| s.id_token_as_bearer = true)).await;
    let mut configuration = world.configuration();
    configuration.audience = None;
    configuration.metadata_by_id_token = true;
    let session = world.session_with(configuration.clone());
    world.sign_in(&session, ADA).await;
    drop(session);
    world.change_stored(|item| drop(item["credentials"].as_object_mut().unwrap().remove("id_token")));
    let session = world.session_with(configuration);
    let without = Fault::answer_without(&["id_token"]).for_ever();
    world.control().fault(Endpoint::Token, without);
    for _ in 0..10 {
        session.fetch_metadata(&[]).await.unwrap_err();
    }
    assert_eq!(world.refresh_grants(), 1);
}

#[tokio::test]
async fn a_nonsensical_wait_is_none_at_every_endpoint() {
    let wait = |error| match error {
        SessionError::RetryLater {
            retry_after_seconds, ..
        } => retry_after_seconds,
        other => panic!("{other:?}"),
    };
    for (value, seconds) in [
        (" 7 ", Some(7)),
        ("0", None),
        ("-5", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("1800000000000", None),
        ("soon", None),
    ] {
        let world = World::new().await;
        let session = world.session_with(world.oidc_configuration());
        world.sign_in(&session, ADA).await;
        let trouble = Fault::status(429).header("retry-after", value).for_ever();
        for endpoint in [
            Endpoint::Token,
            Endpoint::Userinfo,
            Endpoint::Discovery,
            Endpoint::Revoke,
        ] {
            world.control().fault(endpoint, trouble.clone());
        }
        assert_eq!(wait(public(session.profile(true).await)), seconds, "{value}");
        assert_eq!(wait(public(session.access_token(forced()).await)), seconds, "{value}");
        let new = world.session_with(world.oidc_configuration());
        assert_eq!(
            wait(public(new.begin_sign_in(Default::default()).await)),
            seconds,
            "{value}"
        );
        assert_eq!(session.sign_out().await, SignOutOutcome::RevocationPending, "{value}");
    }
}
