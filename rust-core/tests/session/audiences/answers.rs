//! The issuer's possible answers: refusals, other audiences, tokens that are not accepted, late answers.

use std::collections::HashMap;

use futures_util::FutureExt as _;
use pilotlight_core::ffi::{SessionError, SignInReason};
use pilotlight_core::model::configuration::SessionConfiguration;
use pilotlight_core::session::RefreshOptions;
use pilotlight_identity_server::{Endpoint, Fault, IdTokenFault, OldKeys};
use serde_json::json;

use super::{API, OTHER, api, asked, assert_fix_audience, audience, held, is_for, other, token, world};
use crate::world::{ADA, assert_renews, at_least, cached, disk_full, forced, is_signed_in, public};

#[tokio::test]
async fn an_audience_that_the_issuer_refuses_is_configuration_and_never_the_end() {
    let world = world().await;
    let session = world.signed_in().await;
    let nowhere = audience("https://nowhere.example.com/", &[]);
    assert_fix_audience(asked(&session, &nowhere, at_least(0)).await);
    for (status, code, words) in [
        (
            403,
            "access_denied",
            "Client is not authorized to access \"https://x/\".",
        ),
        (400, "invalid_target", ""),
        (400, "invalid_request", "Missing or invalid parameter: audience"),
    ] {
        let refusal = Fault::oauth_error(status, code, words);
        world.control().fault(Endpoint::Token, refusal);
        assert_fix_audience(asked(&session, &api(), at_least(0)).await);
        world.clock.advance(31);
    }
    // A rule's decision about the user does not concern the audience.
    let rule = Fault::oauth_error(403, "access_denied", "user is blocked");
    world.control().fault(Endpoint::Token, rule);
    assert!(matches!(
        public(asked(&session, &api(), at_least(0)).await),
        SessionError::SignIn { .. }
    ));
    assert!(is_signed_in(&session));
    assert_renews(&session).await;
    world.clock.advance(31);
    token(&session, &api()).await;
}

/// Auth0 silently ignores an audience that the application's policies do not name.
#[tokio::test]
async fn an_audience_that_the_issuer_ignores_is_noticed_and_the_rotated_refresh_token_kept() {
    for own in [Some(OTHER.to_owned()), None] {
        let world = world().await;
        world.control().change(|s| s.multi_resource_refresh = false);
        let mut configuration = world.configuration();
        configuration.audience = own;
        let session = world.session_with(configuration);
        world.sign_in(&session, ADA).await;
        let refresh_token = world.stored_refresh_token();
        assert_fix_audience(asked(&session, &audience(API, &[]), at_least(0)).await);
        assert_eq!(held(&session, &audience(API, &[])), None);
        assert_ne!(world.stored_refresh_token(), refresh_token);
        assert!(world.stored().unwrap().get("audience_tokens").is_none());
        assert_renews(&session).await;
    }
}

#[tokio::test]
async fn a_standard_issuer_is_sent_a_resource() {
    let world = world().await;
    let nowhere = audience("https://nowhere.example.com/", &[]);
    let session = world.session_with(SessionConfiguration {
        resources: vec![API.to_owned(), nowhere.identifier.clone()],
        ..world.oidc_configuration()
    });
    world.sign_in(&session, ADA).await;
    assert!(is_for(&token(&session, &api()).await, API));
    assert_fix_audience(asked(&session, &nowhere, at_least(0)).await);
    assert_eq!(
        world.control().requests().last().unwrap().error.as_deref(),
        Some("invalid_target"),
        "RFC 8707's own words"
    );
    let grants = world.refresh_grants();
    for identifier in ["not a uri", "https://api.example.com/#fragment"] {
        let error = public(asked(&session, &audience(identifier, &[]), at_least(0)).await);
        assert!(matches!(error, SessionError::FixArgument { argument, .. } if argument == "audience"));
    }
    assert_eq!(world.refresh_grants(), grants);
}

/// A sign-in on another device names the APIs too.
#[tokio::test]
async fn an_api_that_a_sign_in_on_another_device_named_is_asked_for() {
    let world = world().await;
    let session = world.session_with(SessionConfiguration {
        resources: vec![API.to_owned()],
        ..world.oidc_configuration()
    });
    let request = session.begin_device_sign_in(HashMap::new()).await.unwrap();
    assert!(world.control().decide_device(&request.user_code, Some(ADA)));
    session.complete_device_sign_in(request.attempt).await.unwrap();
    assert!(is_for(&token(&session, &api()).await, API));
}

/// A standard issuer may have rotated the refresh token by the time it finds that the sign-in did not name the API.
#[tokio::test]
async fn an_api_that_the_sign_in_did_not_name_is_not_asked_for() {
    let world = world().await;
    let naming = |resources: &[&str]| {
        world.session_with(SessionConfiguration {
            resources: resources.iter().map(|&resource| resource.to_owned()).collect(),
            ..world.oidc_configuration()
        })
    };
    let session = naming(&[API]);
    world.sign_in(&session, ADA).await;
    let grants = world.refresh_grants();
    let refused = public(asked(&session, &other(), at_least(0)).await);
    assert!(
        matches!(&refused, SessionError::FixConfiguration { field, .. } if field == "resources"),
        "{refused:?}"
    );
    // An update of the app names it; users have to sign in again when they use it.
    let updated = naming(&[API, OTHER]);
    updated.restore().await.unwrap();
    assert!(matches!(
        public(asked(&updated, &other(), at_least(0)).await),
        SessionError::SignIn {
            reason: SignInReason::InteractionRequired,
            ..
        }
    ));
    assert_eq!(world.refresh_grants(), grants);
    assert!(is_signed_in(&updated));
    assert!(is_for(&token(&updated, &api()).await, API), "that one was named");
    world.sign_in(&updated, ADA).await;
    assert!(is_for(&token(&updated, &other()).await, OTHER));
    let restarted = naming(&[API, OTHER]);
    restarted.restore().await.unwrap();
    assert!(is_for(
        asked(&restarted, &other(), forced()).await.unwrap().expose(),
        OTHER
    ));
}

#[tokio::test]
async fn an_answer_that_is_not_believed_gives_no_token_and_costs_no_session() {
    let world = world().await;
    let session = world.signed_in().await;
    let with_openid = audience(API, &["openid", "read:messages"]);
    let (own, id_token) = (
        cached(&session),
        world.stored().unwrap()["credentials"]["id_token"].clone(),
    );
    let forged = Fault::id_token(IdTokenFault::new().claim("sub", json!("auth0|somebody-else")));
    world.control().fault(Endpoint::Token, forged);
    assert!(matches!(
        public(asked(&session, &with_openid, at_least(0)).await),
        SessionError::RetryLater { .. }
    ));
    assert_eq!(held(&session, &with_openid), None);
    assert_eq!(cached(&session), own, "the session's own token is as good as before");
    let stored = world.stored().unwrap();
    assert!(stored.get("audience_tokens").is_none());
    assert_eq!(stored["credentials"]["id_token"], id_token);
    world.cooldown();
    assert!(is_for(&token(&session, &with_openid).await, API));
    assert_renews(&session).await;
}

/// The ID token in the answer is signed with a key that has to be fetched first.
#[tokio::test]
async fn nobody_gets_a_token_before_what_came_with_it_is_believed() {
    let world = world().await;
    let session = world.signed_in().await;
    let own = cached(&session);
    world.control().rotate_keys(OldKeys::Keep);
    world.clock.advance(61);
    world.control().fault(Endpoint::Jwks, Fault::hold());
    let api = audience(API, &["openid", "read:messages"]);
    let mut first = Box::pin(asked(&session, &api, at_least(0)));
    assert!((&mut first).now_or_never().is_none());
    world.control().wait_for_held(Endpoint::Jwks, 1).await;
    assert!(world.stored().unwrap().get("audience_tokens").is_some(), "stored first");
    assert_eq!((held(&session, &api), cached(&session)), (None, own));
    assert!(asked(&session, &api, at_least(0)).now_or_never().is_none());
    world.control().release(Endpoint::Jwks);
    assert_eq!(Some(first.await.unwrap().expose()), held(&session, &api).as_deref());
}

#[tokio::test]
async fn answers_that_leave_things_out() {
    let world = world().await;
    let session = world.signed_in().await;
    for without in [
        ["scope"],
        ["expires_in"],
        ["id_token"],
        ["token_type"],
        ["refresh_token"],
    ] {
        world.control().fault(Endpoint::Token, Fault::answer_without(&without));
        if without == ["refresh_token"] {
            // As with an issuer that does not rotate.
            world.control().change(|s| s.rotation = false);
        }
        let renewed = asked(&session, &api(), forced()).await.unwrap();
        assert_eq!(held(&session, &api()).as_deref(), Some(renewed.expose()));
    }
    let kept = world.stored_refresh_token();
    world.control().fault(
        Endpoint::Token,
        Fault::answer(json!({"access_token": null, "refresh_token": kept})),
    );
    assert!(asked(&session, &api(), forced()).await.is_err());
    world.cooldown();
    assert_eq!(world.stored_refresh_token(), kept);
    token(&session, &api()).await;
}

#[tokio::test]
async fn what_could_not_be_stored_is_stored_by_the_next_call() {
    for rotation in [true, false] {
        let world = world().await;
        world.control().change(|s| s.rotation = rotation);
        let session = world.signed_in().await;
        let (own, refresh_token) = (cached(&session), world.stored_refresh_token());
        let calendar = api();
        let renewal = asked(&session, &calendar, at_least(0));
        let outcome = world.while_the_store_begins_to_fail(disk_full(), renewal).await;
        assert!(matches!(public(outcome), SessionError::CheckStorage { .. }));
        assert_eq!(
            held(&session, &api()),
            None,
            "the caller is led to the call that writes"
        );
        assert_eq!(
            cached(&session).is_none(),
            rotation,
            "also where nothing but the refresh token is new"
        );
        world.store.fail_writes(None);
        session.access_token(at_least(0)).await.unwrap();
        assert_eq!(world.stored_refresh_token() != refresh_token, rotation);
        assert_eq!(cached(&session), own);
        assert!(held(&session, &api()).is_some());
        assert_eq!(world.refresh_grants(), 1);
    }
}

#[tokio::test]
async fn a_late_answer_for_a_session_that_is_gone_is_dropped() {
    let world = world().await;
    let session = world.signed_in().await;
    world.control().fault(Endpoint::Token, Fault::hold().after_processing());
    let renewing = tokio::spawn({
        let session = session.clone();
        async move { asked(&session, &api(), at_least(0)).await }
    });
    world.control().wait_for_held(Endpoint::Token, 1).await;
    session.sign_out().await;
    world.control().release(Endpoint::Token);
    assert!(matches!(public(renewing.await.unwrap()), SessionError::SignIn { .. }));
    assert!(world.stored().is_none());
    assert_eq!(held(&session, &api()), None);
}

/// Parameters that an app configures for every token request do not interfere.
#[tokio::test]
async fn a_configured_audience_parameter_gives_way() {
    let world = world().await;
    let mut configuration = world.configuration();
    configuration.token_parameters = HashMap::from([("audience".to_owned(), OTHER.to_owned())]);
    let session = world.session_with(configuration);
    world.sign_in(&session, ADA).await;
    assert!(is_for(&token(&session, &api()).await, API));
    let renewed = session.refresh(RefreshOptions::default()).await.unwrap();
    assert!(is_for(renewed.expose(), OTHER));
}
