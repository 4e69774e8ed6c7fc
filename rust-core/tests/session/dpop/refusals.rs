//! Proofs that the issuer refuses, and bindings that it does not make.

use pilotlight_core::ffi::SessionError;
use pilotlight_core::model::configuration::SessionConfiguration;
use pilotlight_core::model::proof_key::TokenBinding;
use pilotlight_core::session::SignInOptions;
use pilotlight_identity_server::{Dpop, Endpoint, Fault};
use serde_json::json;

use super::{binding, bound, required, world, world_with};
use crate::world::{ADA, World, assert_renews, forced, is_signed_in, public};

fn is_about_dpop(error: &SessionError) -> bool {
    matches!(error, SessionError::FixConfiguration { field, .. } if field == "dpop")
}

#[tokio::test]
async fn a_bearer_token_is_refused_where_binding_is_required() {
    let world = World::new().await;
    let session = world.session_with(required(&world));
    let callback = world.callback(&session, ADA).await;
    let error = public(session.complete_sign_in(&callback).await);
    assert!(is_about_dpop(&error), "{error:?}");
    assert!(error.to_string().contains("Token Sender-Constraining"), "{error}");
    assert!(!is_signed_in(&session));
    assert_eq!(world.control().counters().families_revoked, 1, "nobody uses what came");
}

/// The rotated refresh token in the answer is stored before the answer is refused, and the session continues once the
/// setting is correct.
#[tokio::test]
async fn a_renewal_without_a_binding_is_refused_and_loses_nothing() {
    let world = World::new().await;
    drop(world.signed_in().await);
    let session = world.session_with(required(&world));
    session.restore().await.unwrap();
    let before = world.stored_refresh_token();
    let error = public(session.access_token(forced()).await);
    assert!(is_about_dpop(&error), "{error:?}");
    assert_ne!(world.stored_refresh_token(), before);
    assert!(is_signed_in(&session));
    world.control().change(|settings| settings.dpop = Dpop::Offered);
    world.cooldown();
    assert_renews(&session).await;
    assert!(session.bound_key().is_some());
}

#[tokio::test]
async fn an_issuer_with_other_algorithms_only_is_a_setting_to_change() {
    let world = world().await;
    let others = json!({"dpop_signing_alg_values_supported": ["ES512"]});
    for dpop in [TokenBinding::Required, TokenBinding::WhenOffered] {
        world
            .control()
            .fault(Endpoint::Discovery, Fault::answer(others.clone()));
        let configuration = SessionConfiguration {
            dpop,
            ..world.oidc_configuration()
        };
        let session = world.session_named(configuration, "other algorithms");
        let begun = session.begin_sign_in(SignInOptions::default()).await;
        match dpop {
            TokenBinding::Required => assert!(is_about_dpop(&public(begun))),
            _ => assert!(!begun.unwrap().url.contains("dpop_jkt")),
        }
    }
}

/// The token endpoint is reached by another URL than the one the issuer knows, as behind a proxy that rewrites URLs.
#[tokio::test]
async fn a_proof_for_another_url_is_refused_by_the_server_and_said() {
    let world = world_with(|settings| settings.dpop = Dpop::Required).await;
    let elsewhere = world.server.issuer().replace("127.0.0.1", "localhost");
    let named = json!({"token_endpoint": format!("{elsewhere}oauth/token")});
    world
        .control()
        .fault(Endpoint::Discovery, Fault::answer(named).for_ever());
    let session = world.session_with(SessionConfiguration {
        dpop: TokenBinding::Required,
        ..world.oidc_configuration()
    });
    let callback = world.callback(&session, ADA).await;
    let error = public(session.complete_sign_in(&callback).await);
    assert!(is_about_dpop(&error), "{error:?}");
    assert!(error.to_string().contains("htu"), "{error}");
    assert_eq!(world.control().seen(Endpoint::Token), 2, "once more, and no more");
}

#[tokio::test]
async fn an_issuer_that_requires_proofs_says_which_setting_is_missing() {
    let world = world_with(|settings| settings.dpop = Dpop::Required).await;
    let session = world.session_with(binding(&world, TokenBinding::Off));
    let callback = world.callback(&session, ADA).await;
    let error = public(session.complete_sign_in(&callback).await);
    assert!(is_about_dpop(&error), "{error:?}");
}

#[tokio::test]
async fn a_refused_proof_does_not_end_a_bound_session() {
    let world = world().await;
    let session = bound(&world).await;
    let refusal = Fault::oauth_error(400, "invalid_dpop_proof", "No.");
    for _ in 0..4 {
        let error = world.renewal_that_meets(refusal.clone(), &session).await;
        assert!(is_about_dpop(&error), "{error:?}");
    }
    assert!(is_signed_in(&session));
    assert_renews(&session).await;
}

/// An issuer, or an attacker in its place, gives a bound session tokens that are not bound.
#[tokio::test]
async fn a_bound_session_is_not_talked_out_of_its_key() {
    let world = world().await;
    let session = bound(&world).await;
    let key = session.bound_key();
    let downgrade = || Fault::answer(json!({ "token_type": "Bearer" })).for_ever();
    for _ in 0..2 {
        let before = world.stored_refresh_token();
        world.control().fault(Endpoint::Token, downgrade());
        let error = public(session.access_token(forced()).await);
        assert!(is_about_dpop(&error), "{error:?}");
        assert_ne!(world.stored_refresh_token(), before, "what was rotated is kept");
        assert_eq!(crate::world::cached(&session), None, "and the token is not given out");
        world.control().clear_faults(Endpoint::Token);
        world.cooldown();
    }
    assert_renews(&session).await;
    assert_eq!(session.bound_key(), key);
}

#[tokio::test]
async fn a_sign_in_that_cannot_be_bound_is_refused_before_the_password_is_sent() {
    let world = crate::legacy::older_tenant(|_| {}).await;
    let session = world.session_with(SessionConfiguration {
        dpop: TokenBinding::Required,
        ..crate::legacy::opted_in(&world)
    });
    let error = public(session.sign_in_with_password(crate::legacy::ada()).await);
    assert!(is_about_dpop(&error), "{error:?}");
    assert!(world.control().requests().is_empty());
}
