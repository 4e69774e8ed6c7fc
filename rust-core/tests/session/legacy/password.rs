//! Signing in with a password.

use std::collections::HashMap;
use std::time::Duration;

use pilotlight_core::ffi::SessionError;
use pilotlight_core::jose::IdTokenProblem;
use pilotlight_core::machine::error::Error;
use pilotlight_core::model::configuration::SessionConfiguration;
use pilotlight_core::model::secret::Secret;
use pilotlight_core::model::state::SessionState;
use pilotlight_core::session::{PasswordSignIn, SignInOptions, TokenOptions};
use pilotlight_identity_server::{Client, Endpoint, Fault, IdTokenFault, Options, PASSWORD, Signature};
use serde_json::{Value, json};

use super::{ada, older_tenant, opted_in, signed_in_with_password, stored_credential};
use crate::world::{ADA, World, at_least, forced, is_signed_in, public};

const HOUR: i64 = 3600;

#[tokio::test]
async fn the_session_is_stored_as_any_other_and_lives_as_long_as_its_id_token() {
    let world = older_tenant(|_| {}).await;
    let session = signed_in_with_password(&world).await;
    let Some(SessionState::SignedIn { subject, expires_at }) = session.state() else {
        panic!("not signed in");
    };
    assert_eq!(subject, "auth0|ada");
    assert!((expires_at.0 - world.control().now() - 10 * HOUR).abs() < 60);
    let id_token = session.id_token(Duration::from_secs(9 * 3600)).await.unwrap();
    assert_eq!(stored_credential(&world, "id_token"), id_token.expose());
    let restarted = world.session_with(opted_in(&world));
    assert_eq!(restarted.restore().await.unwrap(), session.state().unwrap());
    let cached = restarted.with_cached_id_token(Duration::ZERO, str::to_owned);
    assert_eq!(cached.as_deref(), Some(id_token.expose()));
    assert!(restarted.has_valid_session(Duration::ZERO));
    assert_eq!(world.control().seen(Endpoint::Delegation), 0);
}

#[tokio::test]
async fn the_access_token_that_came_along_is_given_until_the_first_renewal() {
    let world = older_tenant(|_| {}).await;
    let session = signed_in_with_password(&world).await;
    let token = session.access_token(TokenOptions::default()).await.unwrap();
    assert_eq!(stored_credential(&world, "access_token"), token.expose());
    for refused in [
        session.access_token(forced()).await,
        session.access_token(at_least(10)).await,
    ]
    .into_iter()
    .filter_map(Result::err)
    {
        assert!(refused.to_string().contains("idToken()"), "{refused}");
    }
    world.clock.advance(11 * HOUR);
    world.control().advance(Duration::from_secs(11 * 3600));
    session.id_token(Duration::ZERO).await.unwrap();
    let error = public(session.access_token(TokenOptions::default()).await);
    assert!(
        matches!(&error, SessionError::FixConfiguration { field, message } if field == "legacy" && message.contains("idToken()")),
        "{error:?}"
    );
    assert_eq!(world.control().seen(Endpoint::Token), 0, "it is never asked for tokens");
}

#[tokio::test]
async fn what_the_issuer_refuses_is_said_by_its_code_and_leaves_the_session_as_it_was() {
    let world = older_tenant(|s| s.legacy_attempts = 2).await;
    let session = signed_in_with_password(&world).await;
    let stored = world.stored();
    let wrong = PasswordSignIn {
        password: Secret::new("wrong-password"),
        ..ada()
    };
    let mut codes = Vec::new();
    for _ in 0..3 {
        match public(session.sign_in_with_password(wrong.clone()).await) {
            SessionError::RestartSignIn { code, .. } => codes.push(code),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(
        codes,
        ["invalid_user_password", "invalid_user_password", "too_many_attempts"]
    );
    world.control().change(|s| s.legacy_attempts = 10);
    world.control().change_account(ADA, |ada| ada.blocked = true);
    let error = public(session.sign_in_with_password(ada()).await);
    assert!(
        matches!(&error, SessionError::RestartSignIn { code, message } if code == "unauthorized" && message.contains("does not let this user in")),
        "{error:?}"
    );
    let unknown = PasswordSignIn {
        connection: "other".to_owned(),
        ..ada()
    };
    let error = public(session.sign_in_with_password(unknown).await);
    assert!(
        matches!(&error, SessionError::FixArgument { argument, .. } if argument == "connection"),
        "{error:?}"
    );
    assert_eq!(world.stored(), stored);
    assert!(is_signed_in(&session));
}

#[tokio::test]
async fn a_client_without_the_grant_is_given_its_name() {
    let options = Options::default().with(|s| s.legacy = true).client(Client {
        legacy: false,
        ..Client::native("native-app")
    });
    let world = World::with(options).await;
    let session = world.session_with(opted_in(&world));
    let error = session.sign_in_with_password(ada()).await.unwrap_err();
    assert!(
        matches!(error, Error::ServerConfiguration { field: "legacy", .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("legacy/grant-type/ro"), "{error}");
}

/// Only a refresh token is bound to a device (Auth0).
#[tokio::test]
async fn without_the_scope_offline_access_no_device_is_needed() {
    let world = older_tenant(|_| {}).await;
    let session = world.session_with(SessionConfiguration {
        scopes: vec!["openid".to_owned()],
        ..opted_in(&world)
    });
    let without_device = PasswordSignIn { device: None, ..ada() };
    session.sign_in_with_password(without_device).await.unwrap();
    assert!(is_signed_in(&session));
}

#[tokio::test]
async fn arguments_are_checked_before_anything_is_sent() {
    let world = older_tenant(|_| {}).await;
    let session = world.session_with(opted_in(&world));
    let with = |name: &str| PasswordSignIn {
        parameters: HashMap::from([(name.to_owned(), "x".to_owned())]),
        ..ada()
    };
    for (name, sign_in) in [
        ("device", PasswordSignIn { device: None, ..ada() }),
        (
            "username",
            PasswordSignIn {
                username: Secret::new(""),
                ..ada()
            },
        ),
        (
            "password",
            PasswordSignIn {
                password: Secret::new(""),
                ..ada()
            },
        ),
        (
            "connection",
            PasswordSignIn {
                connection: String::new(),
                ..ada()
            },
        ),
        ("parameters", with("password")),
        ("parameters", with("grant_type")),
    ] {
        let error = session.sign_in_with_password(sign_in).await.unwrap_err();
        assert!(
            matches!(&error, Error::Argument { name: named, .. } if *named == name),
            "{error:?}"
        );
    }
    assert_eq!(world.control().requests(), []);
}

#[tokio::test]
async fn an_id_token_signed_with_the_clients_secret_is_believed_for_it_came_from_the_issuer_itself() {
    let world = older_tenant(|s| s.legacy_hs256 = true).await;
    let session = signed_in_with_password(&world).await;
    world.clock.advance(11 * HOUR);
    world.control().advance(Duration::from_secs(11 * 3600));
    session.id_token(Duration::ZERO).await.unwrap();
    assert_eq!(world.control().counters().delegations_honoured, 1);
}

#[tokio::test]
async fn its_claims_are_checked_all_the_same() {
    let world = older_tenant(|_| {}).await;
    let now = world.control().now();
    let claim = |name: &str, value: Value| IdTokenFault::new().signature(Signature::Hs256).claim(name, value);
    for (fault, problem) in [
        (
            claim("iss", json!("https://other.example/")),
            IdTokenProblem::WrongClaim("iss"),
        ),
        (claim("aud", json!("other")), IdTokenProblem::WrongClaim("aud")),
        (claim("exp", json!(now - HOUR)), IdTokenProblem::Expired),
        (claim("sub", json!(null)), IdTokenProblem::MissingClaim("sub")),
        (
            claim("at_hash", json!("another")),
            IdTokenProblem::WrongClaim("at_hash"),
        ),
        (
            IdTokenFault::new().signature(Signature::None),
            IdTokenProblem::AlgorithmNotAllowed,
        ),
        (
            IdTokenFault::new().signature(Signature::Broken),
            IdTokenProblem::BadSignature,
        ),
    ] {
        let session = world.session_with(opted_in(&world));
        world.control().fault(Endpoint::ResourceOwner, Fault::id_token(fault));
        let error = session.sign_in_with_password(ada()).await.unwrap_err();
        assert_eq!(problem_of(error), problem);
        assert_eq!(world.stored(), None);
    }
    let counters = world.control().counters();
    assert_eq!(
        counters.families_revoked, counters.device_refresh_tokens_issued,
        "nobody will use their refresh tokens"
    );
}

#[tokio::test]
async fn through_the_browser_no_such_signature_is_believed_with_the_opt_in_either() {
    let world = older_tenant(|_| {}).await;
    let session = world.session_with(opted_in(&world));
    let hs256 = IdTokenFault::new().signature(Signature::Hs256);
    world.control().fault(Endpoint::Token, Fault::id_token(hs256));
    let callback = world.callback(&session, ADA).await;
    let error = session.complete_sign_in(&callback).await.unwrap_err();
    assert_eq!(problem_of(error), IdTokenProblem::AlgorithmNotAllowed);
}

#[tokio::test]
async fn a_sign_out_meanwhile_wins_and_what_the_password_brought_is_revoked() {
    let world = older_tenant(|_| {}).await;
    let session = world.session_with(opted_in(&world));
    world
        .control()
        .fault(Endpoint::ResourceOwner, Fault::hold().after_processing());
    let late = tokio::spawn({
        let session = session.clone();
        async move { session.sign_in_with_password(ada()).await }
    });
    world.control().wait_for_held(Endpoint::ResourceOwner, 1).await;
    session.sign_out().await;
    world.control().release(Endpoint::ResourceOwner);
    assert_eq!(late.await.unwrap(), Err(Error::SignInCancelled));
    assert_eq!(session.state(), Some(SessionState::SignedOut));
    assert_eq!(world.stored(), None);
    assert_eq!(world.control().counters().families_revoked, 1);
}

#[tokio::test]
async fn a_sign_in_through_the_browser_is_replaced() {
    let world = older_tenant(|_| {}).await;
    let session = world.session_with(opted_in(&world));
    let request = session.begin_sign_in(SignInOptions::default()).await.unwrap();
    session.sign_in_with_password(ada()).await.unwrap();
    let callback = world.server.authorize(&request.url, ADA).await.unwrap();
    let error = session.complete_sign_in(&callback).await.unwrap_err();
    assert!(
        matches!(&error, Error::SignIn { code, .. } if code == "no_sign_in_in_progress"),
        "{error:?}"
    );
    assert!(is_signed_in(&session));
}

#[tokio::test]
async fn the_password_is_nowhere_to_be_found() {
    let world = older_tenant(|_| {}).await;
    let session = world.session_with(opted_in(&world));
    let mut said = format!("{:?}", ada());
    for fault in [
        Fault::html(200),
        Fault::reset(),
        Fault::json(
            403,
            &json!({ "error": "unauthorized_client", "error_description": PASSWORD }),
        ),
        Fault::json(
            400,
            &json!({ "error": "invalid_request", "error_description": format!("{ADA}: {PASSWORD}") }),
        ),
        Fault::json(
            401,
            &json!({ "error": "invalid_user_password", "error_description": PASSWORD.replace(' ', "_0") }),
        ),
    ] {
        world.control().fault(Endpoint::ResourceOwner, fault);
        let error = session.sign_in_with_password(ada()).await.unwrap_err();
        said.push_str(&format!("{error:?} {error} {:?}", SessionError::from(error.clone())));
    }
    session.sign_in_with_password(ada()).await.unwrap();
    said.push_str(&format!("{session:?} {}", world.log.text()));
    said.push_str(&world.stored().unwrap().to_string());
    assert!(said.len() > 1000);
    assert!(!said.contains("correct horse") && !said.contains("correct_0horse"));
    let (before_store, _) = said.split_once("\"credentials\"").unwrap();
    assert!(!before_store.contains(ADA));
}

fn problem_of(error: Error) -> IdTokenProblem {
    match error {
        Error::IdToken(error) => error.problem,
        error => panic!("{error}"),
    }
}
