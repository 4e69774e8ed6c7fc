//! An exchanged token belongs to a session: it ends with the session, and with the authentication under which it was
//! obtained.

use pilotlight_core::ffi::{SessionError, SignInReason};
use pilotlight_core::protocol::exchanged_token::OwnToken;
use pilotlight_core::session::{Sharing, StepUpOptions};
use pilotlight_identity_server::{Dpop, Endpoint, Fault};
use serde_json::json;
use url::Url;

use super::{asked, exchange, exchanges, standard, token, world, world_with};
use crate::audiences::claims;
use crate::dpop::{assert_all_is_well, bound, required};
use crate::lifetimes::limited;
use crate::sharing::assert_no_token_was_spent_twice;
use crate::world::{ADA, GRACE, assert_renews, forced, is_signed_in, public};

#[tokio::test]
async fn it_is_gone_after_a_sign_out_and_another_users_is_another() {
    let world = world().await;
    let session = world.signed_in().await;
    let first = token(&session, &exchange()).await;
    session.sign_out().await;
    let nobody = public(asked(&session, &exchange()).await);
    assert!(
        matches!(
            nobody,
            SessionError::SignIn {
                reason: SignInReason::SignedOut,
                ..
            }
        ),
        "{nobody:?}"
    );
    world.sign_in(&session, ADA).await;
    assert_ne!(token(&session, &exchange()).await, first);
    world.sign_in(&session, GRACE).await;
    assert_eq!(claims(&token(&session, &exchange()).await)["sub"], "auth0|grace");
    assert_eq!(exchanges(&world), 3);
}

#[tokio::test]
async fn a_step_up_brings_another() {
    let world = world().await;
    let session = world.signed_in().await;
    // With a new refresh token, and without one, which does not change the session's generation.
    for fault in [None, Some(Fault::answer_without(&["refresh_token"]))] {
        let before = token(&session, &exchange()).await;
        let request = session.begin_step_up(StepUpOptions::default()).await.unwrap();
        let callback = world.server.authorize(&request.url, ADA).await.unwrap();
        if let Some(fault) = fault {
            world.control().fault(Endpoint::Token, fault);
        }
        session.complete_sign_in(&callback).await.unwrap();
        assert_ne!(token(&session, &exchange()).await, before);
    }
}

/// It belongs to the earlier authentication, whether or not the step-up brings a new refresh token.
#[tokio::test]
async fn a_token_that_was_under_way_when_the_user_stepped_up_is_asked_for_again() {
    let world = world().await;
    for fault in [None, Some(Fault::answer_without(&["refresh_token"]))] {
        let session = world.signed_in().await;
        let before = exchanges(&world);
        let request = session.begin_step_up(StepUpOptions::default()).await.unwrap();
        let callback = world.server.authorize(&request.url, ADA).await.unwrap();
        let hold = Fault::hold().grant(super::refusals::TOKEN_EXCHANGE);
        world.control().fault(Endpoint::Token, hold);
        let step_up = async {
            world.control().wait_for_held(Endpoint::Token, 1).await;
            if let Some(fault) = fault {
                world.control().fault(Endpoint::Token, fault);
            }
            session.complete_sign_in(&callback).await.unwrap();
            world.control().release(Endpoint::Token);
        };
        let (outcome, ()) = tokio::join!(asked(&session, &exchange()), step_up);
        assert_eq!(outcome.unwrap().expose(), token(&session, &exchange()).await);
        assert_eq!(exchanges(&world) - before, 2);
    }
}

/// If that happens again and again, the caller is asked to try later.
#[tokio::test]
async fn a_session_that_changes_hands_with_each_answer_is_not_asked_for_ever() {
    let world = world().await;
    let session = world.signed_in().await;
    let hold = || Fault::hold().grant(super::refusals::TOKEN_EXCHANGE);
    world.control().fault(Endpoint::Token, hold());
    let asking = tokio::spawn({
        let session = session.clone();
        async move { asked(&session, &exchange()).await }
    });
    for round in 1..=4 {
        world.control().wait_for_held(Endpoint::Token, 1).await;
        world.sign_in(&session, if round % 2 == 0 { ADA } else { GRACE }).await;
        if round < 4 {
            world.control().fault(Endpoint::Token, hold());
        }
        world.control().release(Endpoint::Token);
    }
    let error = public(asking.await.unwrap());
    assert!(matches!(error, SessionError::RetryLater { .. }), "{error:?}");
    assert_eq!(exchanges(&world), 4);
}

#[tokio::test]
async fn an_answer_that_comes_after_the_session_is_for_nobody() {
    let world = world().await;
    for signs_in in [false, true] {
        let session = world.signed_in().await;
        world
            .control()
            .fault(Endpoint::Token, Fault::hold().grant(super::refusals::TOKEN_EXCHANGE));
        let end = async {
            world.control().wait_for_held(Endpoint::Token, 1).await;
            session.sign_out().await;
            if signs_in {
                world.sign_in(&session, GRACE).await;
            }
            world.control().release(Endpoint::Token);
        };
        let (outcome, ()) = tokio::join!(asked(&session, &exchange()), end);
        if signs_in {
            let subject = claims(outcome.unwrap().expose())["sub"].clone();
            assert_eq!(subject, "auth0|grace", "asked for again, for the one who is here now");
        } else {
            let gone = public(outcome);
            assert!(matches!(gone, SessionError::SignIn { .. }), "{gone:?}");
        }
    }
}

#[tokio::test]
async fn an_ended_session_and_one_past_its_lifetime_give_none() {
    let world = world().await;
    let session = world.signed_in().await;
    token(&session, &exchange()).await;
    world.control().revoke_user(ADA);
    public(session.access_token(forced()).await);
    let ended = public(asked(&session, &exchange()).await);
    assert!(
        matches!(
            ended,
            SessionError::SignIn {
                reason: SignInReason::RefreshTokenRejected,
                ..
            }
        ),
        "{ended:?}"
    );

    let limited = world.session_named(limited(&world, Some(3600), None), "limited");
    world.sign_in(&limited, ADA).await;
    token(&limited, &exchange()).await;
    world.clock.advance(3601);
    let over = public(asked(&limited, &exchange()).await);
    assert!(
        matches!(
            over,
            SessionError::SignIn {
                reason: SignInReason::LifetimeEnded,
                ..
            }
        ),
        "{over:?}"
    );
}

#[tokio::test]
async fn nothing_is_kept_across_launches() {
    let world = world().await;
    let session = world.signed_in().await;
    let first = token(&session, &exchange()).await;
    drop(session);
    let restarted = world.session();
    restarted.restore().await.unwrap();
    assert_ne!(token(&restarted, &exchange()).await, first);
    assert_eq!(world.refresh_grants(), 0);
}

#[tokio::test]
async fn the_refresh_token_is_shown_while_nobody_renews() {
    let world = world().await;
    let session = world.signed_in().await;
    let by_refresh_token = standard(OwnToken::RefreshToken);
    world.control().fault(Endpoint::Token, Fault::hold());
    let release = async {
        world.control().wait_for_held(Endpoint::Token, 1).await;
        world.control().release(Endpoint::Token);
    };
    let (renewed, exchanged, other, ()) = tokio::join!(
        session.access_token(forced()),
        asked(&session, &by_refresh_token),
        asked(&session, &exchange()),
        release,
    );
    assert!(renewed.is_ok() && exchanged.is_ok() && other.is_ok());
    assert_no_token_was_spent_twice(&world);
    assert_renews(&session).await;
}

#[tokio::test]
async fn a_session_that_only_looks_exchanges_what_it_has_and_shows_no_refresh_token() {
    let mut world = world().await;
    drop(world.signed_in().await);
    world.sharing = Sharing::ReadOnly;
    let looking = world.session();
    looking.restore().await.unwrap();
    token(&looking, &exchange()).await;
    let refused = public(asked(&looking, &standard(OwnToken::RefreshToken)).await);
    assert!(matches!(refused, SessionError::OpenApp { .. }), "{refused:?}");
    assert_eq!(world.refresh_grants(), 0);
}

#[tokio::test]
async fn a_bound_session_shows_its_key_and_the_token_is_bound_to_it() {
    let world = world_with(|settings| {
        settings.dpop = Dpop::Required;
        settings.dpop_nonce_lifetime = Some(60);
    })
    .await;
    let session = bound(&world).await;
    let exchanged = asked(&session, &exchange()).await.unwrap();
    assert_eq!(claims(exchanged.expose())["cnf"]["jkt"], session.bound_key().unwrap().0);
    assert!(session.is_bound(&exchanged));
    let url = Url::parse("https://api.example.com/").unwrap();
    assert!(session.proof("GET", &url, &exchanged).await.unwrap().is_some());
    // A caller that got it a moment ago still sends it with a proof.
    let next = session.exchange(exchange(), forced()).await.unwrap();
    assert!(next != exchanged && session.is_bound(&next) && session.is_bound(&exchanged));
    for _ in 1..8 {
        session.exchange(exchange(), forced()).await.unwrap();
    }
    assert!(session.is_bound(&exchanged) && session.is_bound(&next));
    session.exchange(exchange(), forced()).await.unwrap();
    assert!(
        !session.is_bound(&exchanged) && session.is_bound(&next),
        "not kept for ever"
    );
    assert_all_is_well(&world, &session).await;
    session.sign_out().await;
    assert!(!session.is_bound(&exchanged) && !session.is_bound(&next));
}

#[tokio::test]
async fn a_token_that_is_not_bound_is_refused_where_that_is_required() {
    let world = world_with(|settings| settings.dpop = Dpop::Required).await;
    let session = world.session_with(required(&world));
    world.sign_in(&session, ADA).await;
    world
        .control()
        .fault(Endpoint::Token, Fault::answer(json!({"token_type": "Bearer"})));
    match public(asked(&session, &exchange()).await) {
        SessionError::FixConfiguration { field, .. } => assert_eq!(field, "dpop"),
        error => panic!("{error:?}"),
    }
    assert!(is_signed_in(&session));
}
