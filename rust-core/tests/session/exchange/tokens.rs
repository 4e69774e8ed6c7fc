//! The results of an exchange, and how long they are kept.

use std::collections::HashMap;
use std::sync::Arc;

use pilotlight_core::ffi::SessionError;
use pilotlight_core::model::secret::Secret;
use pilotlight_core::protocol::actor::Actor;
use pilotlight_core::protocol::exchanged_token::{OwnToken, TokenExchange};
use pilotlight_core::protocol::transport_error::{TransportError, TransportErrorKind};
use pilotlight_core::session::TokenOptions;
use pilotlight_identity_server::{Endpoint, Fault};
use serde_json::json;

use super::{asked, exchange, exchanges, standard, token, world};
use crate::audiences::{API, audience, claims};
use crate::classification::FailingNetwork;
use crate::world::{ADA, assert_renews, at_least, cached, forced, is_signed_in, public};

#[tokio::test]
async fn each_of_the_sessions_tokens_is_exchanged_and_the_session_stays_as_it_is() {
    let world = world().await;
    let session = world.signed_in().await;
    let (own, stored) = (cached(&session), world.stored());
    for subject in [OwnToken::AccessToken, OwnToken::IdToken, OwnToken::RefreshToken] {
        let exchanged = claims(&token(&session, &standard(subject)).await);
        assert_eq!(exchanged["aud"], API, "{subject:?}");
        assert_eq!(
            (&exchanged["sub"], &exchanged["scope"]),
            (&json!("auth0|ada"), &json!("read:messages"))
        );
    }
    let exchanged = claims(&token(&session, &exchange()).await);
    assert_eq!(exchanged["aud"], API, "a profile's type");
    assert_eq!(exchanges(&world), 4);
    assert_eq!((cached(&session), world.stored()), (own, stored));
    assert_renews(&session).await;
}

#[tokio::test]
async fn an_actor_is_named_in_the_token() {
    let world = world().await;
    let session = world.signed_in().await;
    let with_actor = |name: &str| TokenExchange {
        actor: Some(Actor {
            token: Secret::new(format!("actor:{name}")),
            kind: "urn:example:actor".to_owned(),
        }),
        ..exchange()
    };
    let first = token(&session, &with_actor("bot-1")).await;
    assert_eq!(claims(&first)["act"]["sub"], "bot-1");
    let second = token(&session, &with_actor("bot-2")).await;
    assert_eq!(claims(&second)["act"]["sub"], "bot-2", "each actor has another token");
    assert_eq!(token(&session, &with_actor("bot-1")).await, first);
    assert_eq!(exchanges(&world), 2);
}

#[tokio::test]
async fn a_provider_is_asked_for_an_access_token_by_its_place_too() {
    let world = world().await;
    let session = world.session_with(world.oidc_configuration());
    world.sign_in(&session, ADA).await;
    let by_place = TokenExchange {
        resource: Some(API.to_owned()),
        parameters: HashMap::from([("purpose".to_owned(), "test".to_owned())]),
        ..standard(OwnToken::AccessToken)
    };
    assert_eq!(claims(&token(&session, &by_place).await)["aud"], API);
}

#[tokio::test]
async fn a_good_token_is_given_from_memory_and_one_that_is_due_is_exchanged_anew() {
    let world = world().await;
    world.control().change(|settings| settings.access_token_lifetime = 600);
    let session = world.signed_in().await;
    let first = token(&session, &exchange()).await;
    assert_eq!(token(&session, &exchange()).await, first);
    let other = TokenExchange {
        audience: audience(API, &[]),
        ..exchange()
    };
    assert_ne!(token(&session, &other).await, first, "other scopes are another token");
    assert_eq!(exchanges(&world), 2);
    world.clock.advance(500);
    assert_eq!(token(&session, &exchange()).await, first, "100 s are left");
    let longer = session.exchange(exchange(), at_least(200)).await.unwrap();
    assert_ne!(longer.expose(), first);
    let renewed = session.exchange(exchange(), forced()).await.unwrap();
    assert_ne!(renewed, longer);
    assert_eq!(exchanges(&world), 4);
    world.clock.advance(601);
    assert_ne!(token(&session, &exchange()).await, renewed.expose(), "it has expired");
    assert_eq!(exchanges(&world), 5);
}

#[tokio::test]
async fn more_than_the_issuers_tokens_live_is_said_and_not_asked_for_again_and_again() {
    let world = world().await;
    let session = world.signed_in().await;
    world.control().change(|settings| settings.access_token_lifetime = 600);
    for _ in 0..3 {
        match public(session.exchange(exchange(), at_least(601)).await) {
            SessionError::FixArgument { argument, message } => {
                assert_eq!(argument, "min_ttl");
                assert!(message.contains("600 s"), "{message}");
            }
            error => panic!("{error:?}"),
        }
    }
    assert_eq!(exchanges(&world), 1);
    assert!(session.exchange(exchange(), at_least(600)).await.is_ok());
    assert_eq!(exchanges(&world), 1, "another would not live longer");
}

#[tokio::test]
async fn callers_for_the_same_share_one_request_and_others_come_after() {
    let world = world().await;
    let session = world.signed_in().await;
    world.control().fault(Endpoint::Token, Fault::hold());
    let other = standard(OwnToken::IdToken);
    let release = async {
        world.control().wait_for_held(Endpoint::Token, 1).await;
        world.control().release(Endpoint::Token);
    };
    let (a, b, c, d, ()) = tokio::join!(
        asked(&session, &exchange()),
        asked(&session, &exchange()),
        asked(&session, &other),
        asked(&session, &exchange()),
        release,
    );
    let (a, c) = (a.unwrap(), c.unwrap());
    assert_eq!((b.unwrap(), d.unwrap()), (a.clone(), a.clone()));
    assert_ne!(a, c);
    assert_eq!(exchanges(&world), 2);
}

#[tokio::test]
async fn it_goes_on_when_its_caller_goes_away() {
    let world = world().await;
    let session = world.signed_in().await;
    world.control().fault(Endpoint::Token, Fault::hold());
    tokio::select! {
        _ = asked(&session, &exchange()) => panic!("it is held"),
        () = world.control().wait_for_held(Endpoint::Token, 1) => {}
    }
    world.control().release(Endpoint::Token);
    token(&session, &exchange()).await;
    assert_eq!(exchanges(&world), 1);
}

#[tokio::test]
async fn offline_a_good_token_is_given_and_an_expired_one_where_that_will_do() {
    let world = world().await;
    world.control().change(|settings| settings.access_token_lifetime = 600);
    let network = Arc::new(FailingNetwork::default());
    let session = world.session_over(world.configuration(), network.clone());
    world.sign_in(&session, ADA).await;
    let first = token(&session, &exchange()).await;
    network.fail(Some(TransportError {
        kind: TransportErrorKind::Unreachable,
        may_have_been_processed: false,
    }));
    assert_eq!(token(&session, &exchange()).await, first);
    world.clock.advance(601);
    let offline = public(asked(&session, &exchange()).await);
    assert!(matches!(offline, SessionError::RetryLater { .. }), "{offline:?}");
    let expired_will_do = TokenOptions {
        allow_expired: true,
        ..TokenOptions::default()
    };
    let expired = session.exchange(exchange(), expired_will_do).await.unwrap();
    assert_eq!(expired.expose(), first);
    assert!(is_signed_in(&session));
    network.fail(None);
    world.cooldown();
    assert_ne!(token(&session, &exchange()).await, first);
}

#[tokio::test]
async fn the_thirty_two_that_were_used_last_are_kept() {
    let world = world().await;
    let session = world.signed_in().await;
    let numbered = |number: usize| TokenExchange {
        parameters: HashMap::from([("number".to_owned(), number.to_string())]),
        ..exchange()
    };
    let first = token(&session, &numbered(0)).await;
    for number in 1..32 {
        token(&session, &numbered(number)).await;
    }
    assert_eq!(token(&session, &numbered(0)).await, first, "and so it is used last");
    token(&session, &numbered(32)).await;
    assert_eq!(exchanges(&world), 33);
    assert_eq!(token(&session, &numbered(0)).await, first);
    token(&session, &numbered(1)).await;
    assert_eq!(exchanges(&world), 34, "it had to go");
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_and_a_fault_of_the_server_too() {
    let world = world().await;
    let session = world.signed_in().await;
    world
        .control()
        .fault(Endpoint::Token, Fault::reset().after_processing());
    token(&session, &exchange()).await;
    world.control().fault(Endpoint::Token, Fault::status(503));
    session.exchange(exchange(), forced()).await.unwrap();
    assert_eq!(world.control().seen(Endpoint::Token), 5, "one of them the sign-in's");
}

#[tokio::test]
async fn nothing_of_it_is_printed_or_stored() {
    let world = world().await;
    let session = world.signed_in().await;
    let secret = "actor:planted-secret-0123456789abcdef";
    let with_actor = TokenExchange {
        actor: Some(Actor {
            token: Secret::new(secret),
            kind: "urn:example:actor".to_owned(),
        }),
        parameters: HashMap::from([("key".to_owned(), "planted-value".to_owned())]),
        ..exchange()
    };
    let refused = Fault::oauth_error(400, "invalid_request", &format!("The actor token {secret} is spent"));
    world.control().fault(Endpoint::Token, refused);
    let error = asked(&session, &with_actor).await.unwrap_err();
    world.cooldown();
    let exchanged = token(&session, &with_actor).await;
    let stored = world.stored().unwrap().to_string();
    let said = format!(
        "{with_actor:?} {error:?} {error} {session:?} {stored} {}",
        world.log.text()
    );
    for hidden in ["planted-secret", "planted-value", exchanged.as_str()] {
        assert!(!said.contains(hidden), "{hidden}: {said}");
    }
}
