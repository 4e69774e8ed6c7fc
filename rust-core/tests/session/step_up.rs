//! The user of a session authenticates again because an API requires it (RFC 9470).

use std::collections::HashMap;

use pilotlight_core::ffi::{SessionError, SignInReason};
use pilotlight_core::machine::event::{Report, SessionEvent};
use pilotlight_core::model::state::SessionState;
use pilotlight_core::ports::StoreError;
use pilotlight_core::protocol::challenge::AuthenticationRequirement;
use pilotlight_core::session::{SessionManager, StepUpOptions};
use pilotlight_identity_server::{Endpoint, Fault, IdTokenFault, MULTI_FACTOR, Signature};
use serde_json::{Value, json};
use url::Url;

use crate::audiences::{self, api, claims, held};
use crate::sharing::assert_no_token_was_spent_twice;
use crate::sign_in::code_of;
use crate::world::{ADA, GRACE, World, assert_renews, cached, disk_full, forced, is_signed_in, public};

pub(crate) fn to(acr_values: &[&str], max_age_seconds: Option<u32>) -> StepUpOptions {
    StepUpOptions {
        requirement: AuthenticationRequirement {
            acr_values: acr_values.iter().map(|class| (*class).to_owned()).collect(),
            max_age_seconds,
        },
        parameters: HashMap::new(),
    }
}

pub(crate) async fn callback(world: &World, session: &SessionManager, options: StepUpOptions, email: &str) -> String {
    let request = session.begin_step_up(options).await.unwrap();
    world.server.authorize(&request.url, email).await.unwrap()
}

pub(crate) async fn step_up(world: &World, session: &SessionManager, options: StepUpOptions) {
    let callback = callback(world, session, options, ADA).await;
    session.complete_sign_in(&callback).await.unwrap();
}

pub(crate) fn acr(session: &SessionManager) -> Value {
    claims(&cached(session).unwrap())["acr"].clone()
}

fn parameter(url: &str, name: &str) -> Option<String> {
    let url = Url::parse(url).unwrap();
    let found = url.query_pairs().find(|(own, _)| own == name);
    found.map(|(_, value)| value.into_owned())
}

#[tokio::test]
async fn the_session_goes_on_with_what_the_api_asked_for_and_keeps_all_else() {
    let world = audiences::world().await;
    let session = world.signed_in().await;
    let other_api = audiences::token(&session, &api()).await;
    session.profile(true).await.unwrap();
    let (token, refresh_token) = (cached(&session), world.stored_refresh_token());
    assert_eq!(acr(&session), Value::Null);
    let mut reports = session.subscribe();

    let options = to(&["urn:made-up", MULTI_FACTOR], Some(300));
    let request = session.begin_step_up(options).await.unwrap();
    assert_eq!(
        parameter(&request.url, "acr_values"),
        Some(format!("urn:made-up {MULTI_FACTOR}"))
    );
    assert_eq!(parameter(&request.url, "max_age").as_deref(), Some("300"));
    assert_eq!(cached(&session), token, "nothing has changed yet");
    let callback = world.server.authorize(&request.url, ADA).await.unwrap();
    let state = session.complete_sign_in(&callback).await.unwrap();

    assert!(matches!(state, SessionState::SignedIn { subject, .. } if subject == "auth0|ada"));
    assert_ne!(cached(&session), token);
    assert_ne!(world.stored_refresh_token(), refresh_token);
    assert_eq!(acr(&session), MULTI_FACTOR);
    assert!(session.authenticated_at().is_some());
    assert_eq!(held(&session, &api()), Some(other_api), "another API's token stays");
    assert!(session.cached_profile().is_some());
    let mut events = Vec::new();
    while let Ok(report) = reports.try_recv() {
        if let Report::Event(event) = report {
            events.push(event);
        }
    }
    assert!(
        matches!(
            events.as_slice(),
            [SessionEvent::Renewed {
                audience: None,
                elsewhere: false,
                ..
            }]
        ),
        "{events:?}"
    );

    let again = world.session();
    again.restore().await.unwrap();
    assert_eq!(cached(&again), cached(&session));
    assert_renews(&again).await;
    assert_no_token_was_spent_twice(&world);
}

#[tokio::test]
async fn an_authentication_that_is_not_what_the_api_asked_for_changes_nothing() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let before = world.stored();
    let old = world.control().now() - 3600;
    let claim = |name: &str, value: Value| IdTokenFault::new().claim(name, value);
    for (options, fault) in [
        (to(&[MULTI_FACTOR], None), IdTokenFault::new().without("acr")),
        (to(&[MULTI_FACTOR], None), claim("acr", json!("0"))),
        (to(&[MULTI_FACTOR], None), claim("acr", json!([MULTI_FACTOR]))),
        (to(&["urn:not-reached-here"], None), IdTokenFault::new()),
        (to(&[], Some(60)), claim("auth_time", json!(old))),
        (to(&[], Some(60)), IdTokenFault::new().without("auth_time")),
        // An API that names nothing requires another authentication.
        (to(&[], None), claim("auth_time", json!(old))),
    ] {
        let callback = callback(&world, &session, options, ADA).await;
        world.control().fault(Endpoint::Token, Fault::id_token(fault));
        let error = public(session.complete_sign_in(&callback).await);
        assert_eq!(code_of(error), "unmet_authentication_requirements");
        assert_eq!(world.stored(), before);
    }
    let forged = IdTokenFault {
        signature: Signature::Broken,
        ..IdTokenFault::new()
    };
    let callback = callback(&world, &session, to(&[MULTI_FACTOR], None), ADA).await;
    world.control().fault(Endpoint::Token, Fault::id_token(forged));
    assert_eq!(
        code_of(public(session.complete_sign_in(&callback).await)),
        "id_token_invalid"
    );
    assert_eq!(world.stored(), before);
    assert_renews(&session).await;
    assert_eq!(
        world.control().seen(Endpoint::Revoke),
        0,
        "it may be the user's own session"
    );
}

#[tokio::test]
async fn another_user_does_not_take_the_session_over() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let before = world.stored();
    let callback = callback(&world, &session, to(&[MULTI_FACTOR], None), GRACE).await;
    let error = public(session.complete_sign_in(&callback).await);
    assert_eq!(code_of(error), "user_mismatch");
    assert_eq!(world.stored(), before);
    assert_eq!(
        world.control().counters().families_revoked,
        1,
        "nobody has that user's token"
    );
    assert_renews(&session).await;
}

/// OpenID Connect Core 5.5.1.1: `acr_values` requests a voluntary claim, `claims` can request an essential one.
#[tokio::test]
async fn a_class_is_asked_for_as_essential_where_the_issuer_takes_claims() {
    let world = World::new().await;
    let session = world.session_with(world.oidc_configuration());
    world.sign_in(&session, ADA).await;
    let request = session.begin_step_up(to(&[MULTI_FACTOR], None)).await.unwrap();
    assert_eq!(parameter(&request.url, "claims"), None);
    assert_eq!(
        parameter(&request.url, "max_age"),
        None,
        "a class alone, however long ago"
    );

    world.control().change(|settings| settings.claims_parameter = true);
    world.forget_discovery();
    let session = world.session_with(world.oidc_configuration());
    session.restore().await.unwrap();
    let mut options = to(&["urn:made-up"], None);
    let own = json!({"userinfo": {"email": null}, "id_token": {"name": null, "acr": {"values": ["0"]}}});
    options.parameters.insert("claims".to_owned(), own.to_string());
    options.parameters.insert("acr_values".to_owned(), "0".to_owned());
    let request = session.begin_step_up(options).await.unwrap();
    assert_eq!(parameter(&request.url, "acr_values"), None);
    let claims: Value = serde_json::from_str(&parameter(&request.url, "claims").unwrap()).unwrap();
    let acr = json!({"essential": true, "values": ["urn:made-up"]});
    assert_eq!(
        claims,
        json!({"userinfo": {"email": null}, "id_token": {"name": null, "acr": acr}})
    );
    let callback = world.server.authorize(&request.url, ADA).await.unwrap();
    assert_eq!(
        code_of(public(session.complete_sign_in(&callback).await)),
        "unmet_authentication_requirements"
    );
    assert!(is_signed_in(&session));

    // The app's usual claims are requested too.
    let mut configuration = world.oidc_configuration();
    let usual = json!({"id_token": {"email": null}}).to_string();
    configuration.authorize_parameters.insert("claims".to_owned(), usual);
    configuration
        .authorize_parameters
        .insert("ui_locales".to_owned(), "de".to_owned());
    let usual = world.session_with(configuration);
    usual.restore().await.unwrap();
    let request = usual.begin_step_up(to(&["urn:made-up"], None)).await.unwrap();
    let claims: Value = serde_json::from_str(&parameter(&request.url, "claims").unwrap()).unwrap();
    let acr = json!({"essential": true, "values": ["urn:made-up"]});
    assert_eq!(claims, json!({"id_token": {"email": null, "acr": acr}}));
    // A limit alone requests no class.
    let request = usual.begin_step_up(to(&[], Some(60))).await.unwrap();
    assert_eq!(
        parameter(&request.url, "claims"),
        Some(json!({"id_token": {"email": null}}).to_string())
    );

    let mut options = to(&["urn:made-up"], None);
    options.parameters.insert("claims".to_owned(), "[]".to_owned());
    let error = public(session.begin_step_up(options).await);
    assert!(matches!(&error, SessionError::FixArgument { argument, .. } if argument == "parameters"));
}

#[tokio::test]
async fn a_step_up_needs_a_session_and_leaves_a_sign_out_to_win() {
    let world = World::new().await;
    let session = world.session();
    let error = public(session.begin_step_up(to(&[MULTI_FACTOR], None)).await);
    assert!(matches!(
        error,
        SessionError::SignIn {
            reason: SignInReason::SignedOut,
            ..
        }
    ));
    world.sign_in(&session, ADA).await;
    let callback = callback(&world, &session, to(&[MULTI_FACTOR], None), ADA).await;
    session.sign_out().await;
    assert_eq!(
        public(session.complete_sign_in(&callback).await),
        SessionError::SignInCancelled
    );
    assert!(world.stored().is_none());
}

#[tokio::test]
async fn without_a_new_refresh_token_the_old_one_stays_and_renews() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let refresh_token = world.stored_refresh_token();
    let callback = callback(&world, &session, to(&[MULTI_FACTOR], None), ADA).await;
    world
        .control()
        .fault(Endpoint::Token, Fault::answer_without(&["refresh_token"]));
    session.complete_sign_in(&callback).await.unwrap();
    assert_eq!(acr(&session), MULTI_FACTOR);
    assert_eq!(world.stored_refresh_token(), refresh_token);
    assert_renews(&session).await;
}

/// A kill between the callback and the write leaves the earlier session; after the write, the new one is complete.
#[tokio::test]
async fn a_kill_before_the_write_leaves_the_session_of_before() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let callback = callback(&world, &session, to(&[MULTI_FACTOR], None), ADA).await;
    world.store.fail_writes(Some(disk_full()));
    let error = public(session.complete_sign_in(&callback).await);
    assert!(matches!(error, SessionError::CheckStorage { .. }), "{error:?}");
    let after_the_kill = world.session();
    after_the_kill.restore().await.unwrap();
    assert_eq!(acr(&after_the_kill), Value::Null);
    world.store.fail_writes(None);
    assert_renews(&after_the_kill).await;
}

#[tokio::test]
async fn what_could_not_be_written_is_used_and_written_at_the_next_call() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let callback = callback(&world, &session, to(&[MULTI_FACTOR], None), ADA).await;
    world.store.fail_writes(Some(StoreError::Locked));
    let error = public(session.complete_sign_in(&callback).await);
    assert!(matches!(error, SessionError::WaitForUnlock { .. }), "{error:?}");
    world.store.fail_writes(None);
    let token = session.access_token(Default::default()).await.unwrap();
    assert_eq!(claims(token.expose())["acr"], MULTI_FACTOR);
    let again = world.session();
    again.restore().await.unwrap();
    assert_eq!(acr(&again), MULTI_FACTOR);
}

/// The answer would bring a token of the earlier authentication, and the refresh token that belongs to it.
#[tokio::test]
async fn a_renewal_that_is_under_way_does_not_undo_it() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let callback = callback(&world, &session, to(&[MULTI_FACTOR], None), ADA).await;
    world
        .control()
        .fault(Endpoint::Token, Fault::hold().grant("refresh_token"));
    let renewing = tokio::spawn({
        let session = session.clone();
        async move { session.access_token(forced()).await }
    });
    world.control().wait_for_held(Endpoint::Token, 1).await;
    session.complete_sign_in(&callback).await.unwrap();
    world.control().release(Endpoint::Token);
    let token = renewing.await.unwrap().unwrap();
    assert_eq!(claims(token.expose())["acr"], MULTI_FACTOR);
    assert_eq!(acr(&session), MULTI_FACTOR);
    assert_renews(&session).await;
}
