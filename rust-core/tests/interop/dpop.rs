//! Tokens that are bound to a key (DPoP, RFC 9449), at a provider that checks each proof and binds the refresh tokens
//! of public clients.

use std::collections::HashMap;

use pilotlight_core::adapters::proof_keys::SoftwareKeys;
use pilotlight_core::model::audience::Audience;
use pilotlight_core::model::configuration::SessionConfiguration;
use pilotlight_core::model::proof_key::TokenBinding;
use pilotlight_core::ports::ProofKeys as _;
use pilotlight_core::protocol::challenge::AuthenticationRequirement;
use pilotlight_core::session::{SessionManager, StepUpOptions};
use pilotlight_test_browser::{BrowserError, ServerKind, ServerOptions};
use serde_json::json;

use crate::support::{
    ANY, App, LIFETIME, NEW, REDIRECT_URI, World, answer_of_userinfo, claims_of, five_minutes, present_refresh_token,
    present_refresh_token_with, subject_of, userinfo_status,
};

const API: &str = "https://api.example.com/";

fn binding(world: &World, dpop: TokenBinding) -> SessionConfiguration {
    SessionConfiguration {
        dpop,
        ..world.configuration()
    }
}

fn required(world: &World) -> SessionConfiguration {
    binding(world, TokenBinding::Required)
}

async fn world(dpop_nonce: bool) -> World {
    let options = ServerOptions {
        dpop_nonce,
        ..five_minutes()
    };
    World::start(ServerKind::OidcProvider, options).await
}

async fn signed_in(world: &World, configuration: SessionConfiguration) -> App {
    let app = world.launch_with(configuration);
    world.sign_in(&app).await;
    app
}

fn thumbprint(session: &SessionManager) -> String {
    session.bound_key().unwrap().0
}

/// One of the app's own requests, with the token and its proof; userinfo plays the API.
async fn ask_api(world: &World, session: &SessionManager) -> u16 {
    let token = session.access_token(ANY).await.unwrap();
    let url = &world.endpoints.userinfo;
    let proof = session.proof("GET", url, &token).await.unwrap().unwrap();
    let answer = answer_of_userinfo(world, &token, &proof).await;
    if let Some(nonce) = &answer.nonce {
        session.keep_proof_nonce(url, nonce);
    }
    answer.status
}

#[tokio::test]
async fn sign_in_renewals_userinfo_and_an_api() {
    let world = world(false).await;
    for dpop in [TokenBinding::Required, TokenBinding::WhenOffered] {
        let app = signed_in(&world, binding(&world, dpop)).await;
        let key = thumbprint(&app.session);
        assert!(world.stored_tokens().is_bound);
        for _ in 0..2 {
            app.session.profile(true).await.unwrap();
            assert_eq!(ask_api(&world, &app.session).await, 200);
            app.session.access_token(NEW).await.unwrap();
        }
        assert_eq!(app.tap.count(&world.endpoints.token), 3, "nothing was asked for twice");
        assert_eq!(app.tap.count(&world.endpoints.userinfo), 2);
        let restarted = world.launch_with(binding(&world, dpop)).session;
        restarted.restore().await.unwrap();
        world.advance(LIFETIME);
        restarted.access_token(ANY).await.unwrap();
        restarted.profile(true).await.unwrap();
        assert_eq!(thumbprint(&restarted), key, "one key for one session");
    }
}

/// The provider requires a nonce at the token endpoint and at userinfo.
#[tokio::test]
async fn nonces_cost_one_request_more_for_the_first_proof() {
    let world = world(true).await;
    let App { session, tap } = signed_in(&world, required(&world)).await;
    assert_eq!(
        tap.count(&world.endpoints.token),
        2,
        "use_dpop_nonce, and the code once more"
    );
    session.access_token(NEW).await.unwrap();
    assert_eq!(tap.count(&world.endpoints.token), 3);
    session.profile(true).await.unwrap();
    assert_eq!(tap.count(&world.endpoints.userinfo), 1, "the same origin");
    assert_eq!(ask_api(&world, &session).await, 200);
}

#[tokio::test]
async fn a_nonce_that_the_provider_does_not_know_is_asked_for_once_more() {
    let world = world(true).await;
    let App { session, tap } = signed_in(&world, required(&world)).await;
    let forget = || session.keep_proof_nonce(&world.endpoints.token, "forgotten");
    forget();
    session.access_token(NEW).await.unwrap();
    assert_eq!(tap.count(&world.endpoints.token), 4);
    forget();
    session.profile(true).await.unwrap();
    assert_eq!(tap.count(&world.endpoints.userinfo), 2);
    // An app that sends its requests itself behaves in the same way.
    forget();
    assert_eq!(ask_api(&world, &session).await, 401);
    assert_eq!(ask_api(&world, &session).await, 200);
    assert_eq!(subject_of(session.state()), "ada-1815");
}

#[tokio::test]
async fn whoever_steals_tokens_can_use_none_of_them() {
    let world = world(false).await;
    let App { session, .. } = signed_in(&world, required(&world)).await;
    let (access_token, refresh_token) = (session.access_token(ANY).await.unwrap(), world.stored_refresh_token());
    // Without the key.
    assert_eq!(userinfo_status(&world, &access_token).await, 401);
    let (status, answer) = present_refresh_token(&world, &refresh_token).await;
    assert_eq!((status, &answer["error"]), (400, &json!("invalid_grant")));
    // With another key.
    let other = SoftwareKeys.create().await.unwrap();
    let (status, answer) = present_refresh_token_with(&world, &refresh_token, &other).await;
    assert_eq!((status, &answer["error"]), (400, &json!("invalid_grant")));
    // With a proof that was intercepted.
    let proof = session.proof("GET", &world.endpoints.userinfo, &access_token).await;
    let proof = proof.unwrap().unwrap();
    assert_eq!(answer_of_userinfo(&world, &access_token, &proof).await.status, 200);
    assert_eq!(answer_of_userinfo(&world, &access_token, &proof).await.status, 401);
    // The session is not affected.
    session.access_token(NEW).await.unwrap();
    session.profile(true).await.unwrap();
}

/// The provider binds the access tokens of a session that had no key, and does not change its refresh token.
#[tokio::test]
async fn a_bearer_session_becomes_a_bound_one_with_its_next_renewal() {
    for dpop_nonce in [false, true] {
        let world = world(dpop_nonce).await;
        drop(world.signed_in().await);
        let before = world.stored().unwrap();
        let updated = world.launch_with(required(&world)).session;
        updated.restore().await.unwrap();
        assert_eq!(updated.bound_key(), None);
        updated.profile(true).await.unwrap();
        updated.access_token(NEW).await.unwrap();
        let key = thumbprint(&updated);
        updated.profile(true).await.unwrap();
        assert_eq!(ask_api(&world, &updated).await, 200);
        updated.access_token(NEW).await.unwrap();
        assert_eq!(thumbprint(&updated), key);
        assert_eq!(world.stored().unwrap().sign_in_id, before.sign_in_id);
    }
}

#[tokio::test]
async fn a_further_apis_token_is_bound_to_the_same_key_and_a_step_up_keeps_it() {
    let world = world(true).await;
    let mut configuration = required(&world);
    configuration.scopes.push("read:reports".to_owned());
    configuration.resources.push(API.to_owned());
    let App { session, .. } = signed_in(&world, configuration).await;
    let key = thumbprint(&session);
    let of = Audience::parse(API.to_owned(), vec!["read:reports".to_owned()]).unwrap();
    let bound_to = async |options| {
        let token = session.access_token_for(&of, options).await.unwrap();
        assert!(session.is_bound(&token));
        claims_of(token.expose())["cnf"]["jkt"].as_str().unwrap().to_owned()
    };
    assert_eq!(bound_to(ANY).await, key);
    let options = StepUpOptions {
        requirement: AuthenticationRequirement {
            acr_values: vec!["urn:example:second-factor".to_owned()],
            max_age_seconds: None,
        },
        parameters: HashMap::new(),
    };
    let begun = session.begin_step_up(options).await.unwrap();
    let callback = world.browser.sign_in(&begun.url, REDIRECT_URI).await.unwrap();
    session.complete_sign_in(&callback).await.unwrap();
    assert_eq!(thumbprint(&session), key);
    assert_eq!(bound_to(ANY).await, key, "the token of before is kept");
    assert_eq!(bound_to(NEW).await, key);
    session.profile(true).await.unwrap();
}

#[tokio::test]
async fn a_pushed_request_and_another_device_bind_too() {
    let world = world(true).await;
    let pushing = SessionConfiguration {
        pushes_authorization_requests: true,
        ..required(&world)
    };
    let pushed = signed_in(&world, pushing).await.session;
    pushed.access_token(NEW).await.unwrap();
    pushed.profile(true).await.unwrap();

    let App { session, .. } = world.launch_with(required(&world));
    let consent = HashMap::from([("prompt".to_owned(), "consent".to_owned())]);
    let begun = session.begin_device_sign_in(consent).await.unwrap();
    let page = begun.verification_uri_complete.clone().unwrap();
    let on_the_other_device = async {
        let last = world.browser.sign_in(&page, REDIRECT_URI).await;
        assert!(matches!(last, Err(BrowserError::NoForm { .. })), "{last:?}");
    };
    let (state, ()) = tokio::join!(session.complete_device_sign_in(begun.attempt), on_the_other_device);
    state.unwrap();
    assert!(session.bound_key().is_some());
    session.access_token(NEW).await.unwrap();
    session.profile(true).await.unwrap();
}

/// The device's clock is wrong by years; the first refusal shows the provider's time.
#[tokio::test]
async fn a_wrong_clock_costs_one_request_more_at_most() {
    let world = world(false).await;
    world.advance(std::time::Duration::from_secs(3 * 365 * 86_400));
    let App { session, tap } = signed_in(&world, required(&world)).await;
    assert!(tap.count(&world.endpoints.token) <= 2);
    session.access_token(NEW).await.unwrap();
    session.profile(true).await.unwrap();
    assert_eq!(ask_api(&world, &session).await, 200);
}
