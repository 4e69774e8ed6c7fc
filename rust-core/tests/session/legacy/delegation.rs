//! Tokens for add-ons, and the profile from tokeninfo.

use std::collections::HashMap;
use std::time::Duration;

use pilotlight_core::ffi::{SessionError, SignInReason};
use pilotlight_core::machine::error::Error;
use pilotlight_core::model::secret::Secret;
use pilotlight_core::session::DelegationOptions;
use pilotlight_identity_server::{Client, Endpoint, Fault, Options};
use serde_json::json;

use super::{aws, older_tenant, opted_in, session_of_lock, signed_in_with_password};
use crate::world::{ADA, GRACE, World, is_signed_in, public};

#[tokio::test]
async fn an_add_on_answers_what_it_likes() {
    let options = Options::default()
        .with(|s| s.legacy = true)
        .client(Client::native("target-app"));
    let world = World::with(options).await;
    let session = session_of_lock(&world).await;
    let stored = world.stored();
    let role = HashMap::from([("role".to_owned(), "arn:aws:iam::1:role/r".to_owned())]);
    let wanted = DelegationOptions::parse("aws".to_owned(), None, Vec::new(), role, false).unwrap();
    let answer = session.delegate(&wanted).await.unwrap();
    assert!(answer["Credentials"]["SecretAccessKey"].is_string());
    assert_eq!(answer["AssumedRoleUser"]["Arn"], "arn:aws:iam::1:role/r");
    for by_refresh_token in [false, true] {
        let wanted = DelegationOptions {
            api_type: "app".to_owned(),
            target: Some("target-app".to_owned()),
            scopes: vec!["openid".to_owned(), "email".to_owned()],
            by_refresh_token,
            ..DelegationOptions::default()
        };
        world.control().fault(
            Endpoint::Delegation,
            Fault::answer(json!({ "refresh_token": "planted" })),
        );
        let answer = session.delegate(&wanted).await.unwrap();
        assert!(answer["id_token"].is_string());
        assert!(!answer.contains_key("refresh_token"), "it belongs to nobody here");
    }
    assert_eq!(world.stored(), stored, "nothing of it is stored");
}

#[tokio::test]
async fn the_id_token_is_renewed_first_where_it_has_expired() {
    let world = older_tenant(|_| {}).await;
    let session = session_of_lock(&world).await;
    world.clock.advance(11 * 3600);
    world.control().advance(Duration::from_secs(11 * 3600));
    session.delegate(&aws()).await.unwrap();
    assert_eq!(world.control().counters().delegations_honoured, 2);
}

#[tokio::test]
async fn a_refusal_of_an_add_on_is_not_the_end_of_the_session() {
    let world = older_tenant(|_| {}).await;
    let session = session_of_lock(&world).await;
    let unknown = DelegationOptions {
        api_type: "nothing".to_owned(),
        ..DelegationOptions::default()
    };
    let error = session.delegate(&unknown).await.unwrap_err();
    assert!(
        matches!(error, Error::ServerConfiguration { field: "legacy", .. }),
        "{error:?}"
    );
    world.control().revoke_user(ADA);
    let by_refresh_token = DelegationOptions {
        by_refresh_token: true,
        ..aws()
    };
    let error = public(session.delegate(&by_refresh_token).await);
    assert!(
        matches!(
            error,
            SessionError::SignIn {
                reason: SignInReason::AccessDenied,
                ..
            }
        ),
        "{error:?}"
    );
    assert!(is_signed_in(&session));
}

#[tokio::test]
async fn a_session_of_the_browsers_shows_its_id_token_and_never_its_refresh_token() {
    let world = older_tenant(|_| {}).await;
    let session = world.session_with(opted_in(&world));
    world.sign_in(&session, ADA).await;
    session.delegate(&aws()).await.unwrap();
    let by_refresh_token = DelegationOptions {
        by_refresh_token: true,
        ..aws()
    };
    let error = session.delegate(&by_refresh_token).await.unwrap_err();
    assert!(
        matches!(
            error,
            Error::Argument {
                name: "by_refresh_token",
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(world.control().seen(Endpoint::Delegation), 1);
}

#[test]
fn arguments_are_checked() {
    let parse = |api_type: &str, parameter: &str| {
        let parameters = HashMap::from([(parameter.to_owned(), "x".to_owned())]);
        DelegationOptions::parse(api_type.to_owned(), None, Vec::new(), parameters, false)
    };
    for (api_type, parameter) in [
        ("", "role"),
        ("aws", "refresh_token"),
        ("aws", "id_token"),
        ("aws", "api_type"),
        ("aws", "target"),
        ("aws", ""),
    ] {
        assert!(
            matches!(parse(api_type, parameter), Err(Error::Argument { .. })),
            "{api_type} {parameter}"
        );
    }
    assert!(parse("aws", "role").is_ok());
}

#[tokio::test]
async fn the_sessions_own_token_brings_its_profile_which_is_kept() {
    let world = older_tenant(|_| {}).await;
    let session = session_of_lock(&world).await;
    let profile = session.token_info(None).await.unwrap();
    assert_eq!(
        (profile.subject.as_str(), profile.email.as_deref()),
        ("auth0|ada", Some(ADA))
    );
    assert!(profile.other_claims.0["identities"].is_array());
    let restarted = world.session_with(opted_in(&world));
    restarted.restore().await.unwrap();
    assert_eq!(restarted.cached_profile().as_deref(), Some(&profile));
    // The session's profile comes from there too, because it has no access token for userinfo.
    assert_eq!(restarted.profile(false).await.unwrap(), profile);
    assert_eq!(world.control().seen(Endpoint::Tokeninfo), 1);
    assert_eq!(restarted.profile(true).await.unwrap().subject, "auth0|ada");
    assert_eq!(world.control().seen(Endpoint::Tokeninfo), 2);
    assert_eq!(world.control().seen(Endpoint::Userinfo), 0);
}

#[tokio::test]
async fn metadata_is_asked_for_with_the_id_token_where_the_tenant_is_that_old() {
    let world = older_tenant(|s| s.id_token_as_bearer = true).await;
    let session = session_of_lock(&world).await;
    let error = public(session.fetch_metadata(&[]).await);
    assert!(
        matches!(&error, SessionError::FixConfiguration { field, .. } if field == "legacy"),
        "it has no access token: {error:?}"
    );
    let mut configuration = opted_in(&world);
    configuration.metadata_by_id_token = true;
    let session = world.session_with(configuration);
    session.restore().await.unwrap();
    world.clock.advance(11 * 3600);
    world.control().advance(Duration::from_secs(11 * 3600));
    let metadata = session.fetch_metadata(&["country".to_owned()]).await.unwrap();
    assert_eq!(metadata["country"], "UK");
    assert_eq!(world.control().counters().delegations_honoured, 1);
}

#[tokio::test]
async fn a_profile_of_somebody_else_is_not_kept() {
    let world = older_tenant(|_| {}).await;
    let session = session_of_lock(&world).await;
    world.control().fault(
        Endpoint::Tokeninfo,
        Fault::answer(json!({ "user_id": "auth0|grace", "email": GRACE })),
    );
    let error = session.token_info(None).await.unwrap_err();
    assert!(matches!(error, Error::UnexpectedAnswer { .. }), "{error:?}");
    assert_eq!(session.cached_profile(), None);
    world
        .control()
        .fault(Endpoint::Tokeninfo, Fault::answer_without(&["user_id"]));
    let error = session.token_info(None).await.unwrap_err();
    assert!(matches!(error, Error::UnexpectedAnswer { .. }), "{error:?}");
}

#[tokio::test]
async fn any_id_token_can_be_asked_about_and_a_bad_one_is_the_callers() {
    let world = older_tenant(|_| {}).await;
    let session = signed_in_with_password(&world).await;
    let token = session.id_token(Duration::ZERO).await.unwrap();
    let profile = session.token_info(Some(&token)).await.unwrap();
    assert_eq!(profile.subject, "auth0|ada");
    assert_eq!(session.cached_profile(), None, "it is not the session's");
    let error = public(session.token_info(Some(&Secret::new("a.b.c"))).await);
    assert!(
        matches!(&error, SessionError::FixArgument { argument, .. } if argument == "id_token"),
        "{error:?}"
    );
    world.control().fault(Endpoint::Tokeninfo, Fault::status(503));
    let error = public(session.token_info(Some(&token)).await);
    assert!(matches!(error, SessionError::RetryLater { .. }), "{error:?}");
}

/// A signed-in user is never asked to sign in, however often another sign-in replaces the session meanwhile.
#[tokio::test]
async fn a_profile_that_is_overtaken_by_sign_ins_is_that_of_the_last_one() {
    for by_name in [false, true] {
        let world = older_tenant(|_| {}).await;
        let session = signed_in_with_password(&world).await;
        let hold = || world.control().fault(Endpoint::Tokeninfo, Fault::hold());
        hold();
        let caller = tokio::spawn({
            let session = session.clone();
            async move {
                match by_name {
                    true => session.token_info(None).await,
                    false => session.profile(true).await,
                }
            }
        });
        for more in [true, false] {
            world.control().wait_for_held(Endpoint::Tokeninfo, 1).await;
            session.sign_in_with_password(super::ada()).await.unwrap();
            if more {
                hold();
            }
            world.control().release(Endpoint::Tokeninfo);
        }
        assert_eq!(caller.await.unwrap().unwrap().email.as_deref(), Some(ADA));
        assert_eq!(world.stored().unwrap()["profile"]["email"], ADA);
        // Another user's profile is not for this caller.
        hold();
        let caller = tokio::spawn({
            let session = session.clone();
            async move { session.profile(true).await }
        });
        world.control().wait_for_held(Endpoint::Tokeninfo, 1).await;
        let grace = pilotlight_core::session::PasswordSignIn {
            username: Secret::new(GRACE),
            ..super::ada()
        };
        session.sign_in_with_password(grace).await.unwrap();
        world.control().release(Endpoint::Tokeninfo);
        assert_eq!(caller.await.unwrap(), Err(Error::NoSession));
        assert_eq!(world.stored().unwrap().get("profile"), None);
    }
}
