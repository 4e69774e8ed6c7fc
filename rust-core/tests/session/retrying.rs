//! Transient failures are waited out, lost answers are requested again, and requests never flood an issuer in trouble.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use pilotlight_core::ffi::{RetryReason, SessionError, SignInReason};
use pilotlight_core::machine::error::Error;
use pilotlight_core::ports::{StoreError, TransportError, TransportErrorKind};
use pilotlight_core::session::TokenOptions;
use pilotlight_identity_server::{Endpoint, Fault, Options};

use crate::meddling::{Meddler, TOKEN_PATH};
use crate::world::{ADA, World, assert_renews, at_least, cached, disk_full, forced, is_signed_in, public};

#[tokio::test]
async fn passing_trouble_is_waited_out() {
    for trouble in [
        Fault::status(500).times(2),
        Fault::html(502).times(2),
        Fault::status(503).header("retry-after", "7").times(2),
        Fault::status(429).header("retry-after", "15"),
        Fault::oauth_error(503, "temporarily_unavailable", ""),
        Fault::reset().times(2),
    ] {
        let world = World::new().await;
        let session = world.signed_in().await;
        world.control().fault(Endpoint::Token, trouble.clone());
        let before = world.clock.passed();
        assert_renews(&session).await;
        assert!(world.clock.passed() - before <= 22, "{trouble:?}");
    }
}

/// A decision, or a page in front of the network, is the same a second later.
#[tokio::test]
async fn what_does_not_pass_by_itself_is_asked_once() {
    for trouble in [
        Fault::oauth_error(400, "invalid_scope", ""),
        Fault::oauth_error(401, "invalid_client", ""),
        Fault::oauth_error(403, "mfa_required", ""),
        Fault::html(200),
        Fault::status(400),
    ] {
        let world = World::new().await;
        let session = world.signed_in().await;
        let asked = world.control().seen(Endpoint::Token);
        world.renewal_that_meets(trouble.clone(), &session).await;
        assert_eq!(world.control().seen(Endpoint::Token), asked + 1, "{trouble:?}");
    }
}

#[tokio::test]
async fn attempts_are_few_and_end_in_time() {
    let world = World::new().await;
    let session = world.signed_in().await;
    for (trouble, attempts) in [
        (Fault::status(503), 3),
        (Fault::status(429).header("retry-after", "21"), 1),
        (Fault::status(503).header("retry-after", "11"), 2),
    ] {
        let asked = world.control().seen(Endpoint::Token);
        let error = world.renewal_that_meets(trouble.clone(), &session).await;
        assert!(matches!(error, SessionError::RetryLater { .. }), "{error:?}");
        assert_eq!(world.control().seen(Endpoint::Token), asked + attempts, "{trouble:?}");
    }
}

#[tokio::test]
async fn after_a_failure_later_callers_fail_at_once_for_a_moment() {
    let world = World::new().await;
    let session = world.signed_in().await;
    world.control().fault(Endpoint::Token, Fault::status(503).for_ever());
    let first = session.access_token(forced()).await.unwrap_err();
    let asked = world.control().seen(Endpoint::Token);
    for _ in 0..50 {
        let later = session.access_token(forced()).await.unwrap_err();
        assert!(
            matches!(
                &later,
                Error::ServerFault {
                    retry_after: Some(1..=30),
                    ..
                }
            ),
            "{later:?} after {first:?}"
        );
    }
    assert_eq!(world.control().seen(Endpoint::Token), asked);
    assert!(cached(&session).is_some(), "a valid token is given all the while");
    world.control().clear_faults(Endpoint::Token);
    world.clock.advance(31);
    assert_renews(&session).await;
}

#[tokio::test]
async fn the_issuers_request_for_a_pause_is_granted_and_reported() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let trouble = Fault::status(429).header("retry-after", "240");
    world.control().fault(Endpoint::Token, trouble);
    assert!(session.access_token(forced()).await.is_err());
    let asked = world.control().seen(Endpoint::Token);
    world.clock.advance(230);
    match public(session.access_token(forced()).await) {
        SessionError::RetryLater {
            reason: RetryReason::RateLimited,
            retry_after_seconds: Some(left),
            ..
        } => assert!((5..=10).contains(&left), "{left}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(world.control().seen(Endpoint::Token), asked);
    world.clock.advance(11);
    assert_renews(&session).await;
}

#[tokio::test]
async fn an_answer_that_is_lost_is_asked_for_again_at_once_with_the_same_token() {
    for trouble in [
        Fault::reset().after_processing(),
        Fault::truncate(),
        Fault::stall_body(),
        Fault::reset().after_processing().times(2),
    ] {
        // Issuers offer an overlap period against lost answers.
        let world = World::with(Options::default().with(|s| s.leeway = 30))
            .await
            .impatient();
        let session = world.signed_in().await;
        world.control().fault(Endpoint::Token, trouble.clone());
        let before = world.clock.passed();
        session.access_token(forced()).await.unwrap();
        assert_eq!(world.clock.passed(), before, "no pause: {trouble:?}");
        assert_eq!(world.control().counters().families_killed, 0);
        assert_renews(&session).await;
    }
}

/// Those attempts lost nothing, however many they were.
#[tokio::test]
async fn an_answer_that_is_lost_is_asked_for_again_also_after_attempts_that_reached_nobody() {
    for unreached in 0..3_u32 {
        let world = World::with(Options::default().with(|s| s.leeway = 30)).await;
        let attempts = AtomicU32::new(0);
        let armed = Arc::new(AtomicBool::new(false));
        let is_armed = armed.clone();
        let transport = Meddler::before(move |request| {
            let is_renewal = request.url.path() == TOKEN_PATH && is_armed.load(Ordering::SeqCst);
            let fails = is_renewal && attempts.fetch_add(1, Ordering::SeqCst) < unreached;
            fails.then_some(Err(TransportError {
                kind: TransportErrorKind::Unreachable,
                may_have_been_processed: false,
            }))
        });
        let session = world.session_over(world.configuration(), transport);
        world.sign_in(&session, ADA).await;
        armed.store(true, Ordering::SeqCst);
        world
            .control()
            .fault(Endpoint::Token, Fault::reset().after_processing().times(2));
        session.access_token(forced()).await.unwrap();
        assert_renews(&session).await;
        assert_eq!(world.control().counters().families_killed, 0);
    }
}

#[tokio::test]
async fn an_answer_that_is_lost_again_and_again_is_left_and_the_session_lives() {
    let world = World::with(Options::default().with(|s| s.leeway = 30)).await;
    let session = world.signed_in().await;
    let asked = world.control().seen(Endpoint::Token);
    let trouble = Fault::reset().after_processing().for_ever();
    world.control().fault(Endpoint::Token, trouble);
    let error = public(session.access_token(forced()).await);
    assert!(
        matches!(
            error,
            SessionError::RetryLater {
                reason: RetryReason::Network,
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(world.control().seen(Endpoint::Token), asked + 3);
    assert!(is_signed_in(&session));
}

/// Without an overlap period the token is spent, and the issuer's refusal is final.
#[tokio::test]
async fn an_issuer_without_an_overlap_ends_the_session_by_its_own_word() {
    let world = World::with(Options::default().with(|s| s.leeway = 0)).await;
    let session = world.signed_in().await;
    let trouble = Fault::reset().after_processing();
    world.control().fault(Endpoint::Token, trouble);
    let error = public(session.access_token(forced()).await);
    assert!(
        matches!(
            error,
            SessionError::SignIn {
                reason: SignInReason::RefreshTokenRejected,
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_expired_token_will_do_on_a_locked_device_or_a_full_disk_but_not_without_the_user() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let old = cached(&session).unwrap();
    let any = TokenOptions {
        allow_expired: true,
        ..at_least(0)
    };
    world.clock.advance(86_400);
    for (trouble, is_given) in [
        (StoreError::Locked, true),
        (disk_full(), true),
        (StoreError::AuthenticationCancelled, false),
    ] {
        world.store.fail_reads(Some(trouble.clone()));
        world.store.fail_writes(Some(trouble));
        session.access_token(at_least(0)).await.unwrap_err();
        let given = session.access_token(any).await.ok();
        assert_eq!(given.as_ref().map(|token| token.expose()), is_given.then_some(&*old));
    }
    assert_eq!(world.refresh_grants(), 0);
}

#[tokio::test]
async fn an_expired_token_is_given_on_request_when_it_cannot_be_renewed() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let old = cached(&session).unwrap();
    let any = TokenOptions {
        allow_expired: true,
        ..at_least(0)
    };
    assert_eq!(session.access_token(any).await.unwrap().expose(), old);
    world.clock.advance(86_400);
    assert_eq!(cached(&session), None);
    world.control().go_offline().await.unwrap();
    assert!(session.access_token(at_least(0)).await.is_err());
    assert_eq!(session.access_token(any).await.unwrap().expose(), old);
    world.control().go_online().await.unwrap();
    world.cooldown();
    assert_ne!(
        session.access_token(any).await.unwrap().expose(),
        old,
        "renewed where it can be"
    );
    world.control().revoke_user(ADA);
    world.clock.advance(86_400);
    let error = public(session.access_token(any).await);
    assert!(
        matches!(error, SessionError::SignIn { .. }),
        "the end of a session is no transient failure: {error:?}"
    );
}
