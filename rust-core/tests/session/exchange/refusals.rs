//! Exchanges that an issuer refuses, and those that cannot be sent. None of them ends the session.

use std::collections::HashMap;

use pilotlight_core::ffi::{SessionError, SignInReason};
use pilotlight_core::model::secret::Secret;
use pilotlight_core::protocol::actor::Actor;
use pilotlight_core::protocol::exchanged_token::{OwnToken, TokenExchange};
use pilotlight_identity_server::{Endpoint, Fault};
use serde_json::json;

use super::{PROFILE, asked, exchange, exchanges, standard, token, world, world_with};
use crate::audiences::audience;
use crate::world::{World, assert_renews, assert_unexpected, is_signed_in, public};

fn about_the_subject() -> Vec<Fault> {
    vec![
        Fault::oauth_error(403, "invalid_grant", "Invalid subject token"),
        Fault::oauth_error(400, "invalid_token", ""),
        Fault::oauth_error(400, "invalid_request", "The subject_token has expired"),
    ]
}

#[tokio::test]
async fn a_token_that_is_not_accepted_is_renewed_and_the_fresh_one_exchanged() {
    for fault in about_the_subject() {
        for subject in [OwnToken::AccessToken, OwnToken::IdToken, OwnToken::RefreshToken] {
            let world = world().await;
            let session = world.signed_in().await;
            world.control().fault(Endpoint::Token, fault.clone());
            token(&session, &standard(subject)).await;
            assert_eq!(world.refresh_grants(), 1, "{subject:?}");
            assert_renews(&session).await;
        }
    }
}

#[tokio::test]
async fn a_token_that_ended_with_a_renewal_elsewhere_is_replaced() {
    let world = world_with(|settings| {
        settings.refresh_ends_access_token = true;
        settings.leeway = 30;
    })
    .await;
    let session = world.signed_in().await;
    let elsewhere = world.session();
    elsewhere.restore().await.unwrap();
    assert_renews(&elsewhere).await;
    token(&session, &standard(OwnToken::AccessToken)).await;
    assert_eq!(
        (world.refresh_grants(), exchanges(&world)),
        (1, 1),
        "what the other one brought is taken over"
    );
}

#[tokio::test]
async fn an_issuer_that_accepts_no_fresh_token_either_is_not_stormed() {
    for fault in about_the_subject() {
        let world = world().await;
        let session = world.signed_in().await;
        world
            .control()
            .fault(Endpoint::Token, fault.grant(TOKEN_EXCHANGE).for_ever());
        for _ in 0..5 {
            match public(asked(&session, &exchange()).await) {
                SessionError::FixArgument { argument, message } => {
                    assert_eq!(argument, "type");
                    assert!(message.contains("Custom Token Exchange"), "{message}");
                }
                error => panic!("{error:?}"),
            }
        }
        assert_eq!(world.refresh_grants(), 1);
        assert_eq!(
            world.control().seen(Endpoint::Token),
            4,
            "the sign-in, two exchanges, a renewal"
        );
        assert!(is_signed_in(&session));
        world.control().clear_faults(Endpoint::Token);
        world.cooldown();
        token(&session, &exchange()).await;
    }
}

pub(crate) const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

#[tokio::test]
async fn what_has_to_be_set_at_the_issuer_is_named() {
    for (fault, field, words) in [
        (
            Fault::oauth_error(403, "unauthorized_client", ""),
            "client_id",
            "Settings > Custom Token Exchange",
        ),
        (
            Fault::oauth_error(403, "unsupported_grant_type", ""),
            "client_id",
            "token exchange grant",
        ),
        (
            Fault::oauth_error(401, "invalid_client", ""),
            "client_id",
            "token exchange grant",
        ),
        (
            Fault::oauth_error(400, "invalid_request", "Unknown type"),
            "client_id",
            "Create Profile",
        ),
        (
            Fault::oauth_error(400, "invalid_target", ""),
            "audience",
            "https://api.example.com/",
        ),
        (
            Fault::oauth_error(403, "access_denied", "Service not found: x"),
            "audience",
            "https://api.example.com/",
        ),
        (Fault::oauth_error(400, "invalid_scope", ""), "scopes", "scopes"),
        (
            Fault::answer(
                json!({"issued_token_type": "urn:ietf:params:oauth:token-type:id_token", "token_type": "N_A"}),
            ),
            "client_id",
            "another type",
        ),
        (
            Fault::answer(json!({"access_token": "opaque"})),
            "audience",
            "another API",
        ),
    ] {
        let world = world().await;
        let session = world.signed_in().await;
        let stored = world.stored();
        world.control().fault(Endpoint::Token, fault);
        match public(asked(&session, &exchange()).await) {
            SessionError::FixConfiguration { field: found, message } => {
                assert_eq!(found, field, "{message}");
                assert!(message.contains(words), "{message}");
            }
            error => panic!("{error:?}"),
        }
        assert_eq!((world.stored(), world.refresh_grants()), (stored, 0));
        assert!(is_signed_in(&session));
        world.cooldown();
        token(&session, &exchange()).await;
    }
}

#[tokio::test]
async fn auth0_has_a_profile_for_a_type_or_refuses_it() {
    let world = world_with(|settings| settings.standard_token_exchange = false).await;
    let session = world.signed_in().await;
    match public(asked(&session, &standard(OwnToken::AccessToken)).await) {
        SessionError::FixConfiguration { field, message } => {
            assert_eq!(field, "client_id");
            assert!(message.contains("cannot be one of urn:ietf's"), "{message}");
        }
        error => panic!("{error:?}"),
    }
    token(&session, &exchange()).await;
    world.control().change(|settings| settings.token_exchange = false);
    world.cooldown();
    match public(asked(&session, &exchange()).await) {
        SessionError::FixConfiguration { field, .. } => assert_eq!(field, "client_id"),
        error => panic!("{error:?}"),
    }
    assert_renews(&session).await;
}

#[tokio::test]
async fn the_user_is_asked_for_and_the_issuers_rules_say_no() {
    for (code, reason) in [
        ("interaction_required", SignInReason::InteractionRequired),
        ("login_required", SignInReason::InteractionRequired),
        ("mfa_required", SignInReason::InteractionRequired),
        ("access_denied", SignInReason::AccessDenied),
    ] {
        let world = world().await;
        let session = world.signed_in().await;
        world
            .control()
            .fault(Endpoint::Token, Fault::oauth_error(403, code, "By a rule"));
        match public(asked(&session, &exchange()).await) {
            SessionError::SignIn { reason: found, .. } => assert_eq!(found, reason),
            error => panic!("{error:?}"),
        }
        assert!(is_signed_in(&session));
        assert_renews(&session).await;
    }
}

#[tokio::test]
async fn what_says_nothing_is_tried_again_later() {
    for fault in [
        Fault::oauth_error(400, "Unauthorized_login", "User cannot log in"),
        Fault::html(200),
        Fault::garbage_json(),
        Fault::answer_without(&["access_token"]),
        Fault::answer(json!({"token_type": "mac"})),
    ] {
        let world = world().await;
        let session = world.signed_in().await;
        world.control().fault(Endpoint::Token, fault);
        assert_unexpected(&public(asked(&session, &exchange()).await));
        world.cooldown();
        token(&session, &exchange()).await;
    }
}

fn with_actor(token: &str) -> TokenExchange {
    TokenExchange {
        actor: Some(Actor {
            token: Secret::new(token),
            kind: "urn:example:actor".to_owned(),
        }),
        ..exchange()
    }
}

/// The refusal concerns the session's own token, or its description is about something else.
#[tokio::test]
async fn an_actor_is_not_blamed_for_what_is_not_said_of_it() {
    let stale = || Fault::oauth_error(400, "invalid_grant", "The subject token has expired");
    for (exchange, fault) in [
        (with_actor("actor:bot"), stale()),
        (
            exchange(),
            Fault::oauth_error(400, "invalid_grant", "The factory was closed"),
        ),
    ] {
        let world = world().await;
        let session = world.signed_in().await;
        world.control().fault(Endpoint::Token, fault.grant(TOKEN_EXCHANGE));
        token(&session, &exchange).await;
        assert_eq!(world.refresh_grants(), 1, "a fresh one was tried");
    }
}

#[tokio::test]
async fn an_actor_that_is_not_accepted_is_named_and_nothing_is_renewed() {
    let world = world().await;
    let session = world.signed_in().await;
    let with_actor = with_actor("nobody");
    match public(asked(&session, &with_actor).await) {
        SessionError::FixArgument { argument, .. } => assert_eq!(argument, "actor"),
        error => panic!("{error:?}"),
    }
    assert_eq!(world.refresh_grants(), 0);
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_before_anything_is_sent() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let asked_before = world.control().seen(Endpoint::Token);
    let actor = |token: &str, kind: &str| {
        Some(Actor {
            token: Secret::new(token),
            kind: kind.to_owned(),
        })
    };
    let named = |name: &str| HashMap::from([(name.to_owned(), "x".to_owned())]);
    for (exchange, argument) in [
        (
            TokenExchange {
                subject_type: Some(" ".to_owned()),
                ..exchange()
            },
            "type",
        ),
        (
            TokenExchange {
                actor: actor("", PROFILE),
                ..exchange()
            },
            "actor",
        ),
        (
            TokenExchange {
                actor: actor("t", ""),
                ..exchange()
            },
            "actor",
        ),
        (
            TokenExchange {
                resource: Some("no URI".to_owned()),
                ..exchange()
            },
            "resource",
        ),
        (
            TokenExchange {
                parameters: named("subject_token"),
                ..exchange()
            },
            "parameters",
        ),
        (
            TokenExchange {
                parameters: named("scope"),
                ..exchange()
            },
            "parameters",
        ),
        (TokenExchange::of(audience("a", &["offline_access"])), "scopes"),
    ] {
        match public(asked(&session, &exchange).await) {
            SessionError::FixArgument { argument: found, .. } => assert_eq!(found, argument),
            error => panic!("{error:?}"),
        }
    }
    assert_eq!(world.control().seen(Endpoint::Token), asked_before);
}

/// Nobody would keep it, and revoking it ends the whole grant at some issuers.
#[tokio::test]
async fn a_refresh_token_that_comes_along_is_not_kept() {
    let world = world().await;
    let session = world.signed_in().await;
    let stored = world.stored();
    let fault = Fault::answer(json!({"refresh_token": "planted", "id_token": "planted"}));
    world.control().fault(Endpoint::Token, fault);
    token(&session, &exchange()).await;
    assert_eq!(world.stored(), stored);
    assert_eq!(world.control().seen(Endpoint::Revoke), 0);
    assert!(world.log.text().contains("which is not kept"));
    assert_renews(&session).await;
}
