//! Signing in with a credential from another issuer: a Sign in with Apple code or a partner's token (RFC 8693).

use std::collections::HashMap;

use pilotlight_core::ffi::SessionError;
use pilotlight_core::machine::event::{Report, SessionEvent, SignInWay};
use pilotlight_core::model::configuration::SessionConfiguration;
use pilotlight_core::model::secret::Secret;
use pilotlight_core::model::state::SessionState;
use pilotlight_core::session::{ExternalToken, Sharing};
use pilotlight_identity_server::{Dpop, Endpoint, Fault, IdTokenFault, Options};
use serde_json::json;

use crate::dpop::required;
use crate::world::{GRACE, World, assert_renews, disk_full, is_signed_in, public};

const APPLE: &str = "http://auth0.com/oauth/token-type/apple-authz-code";
const PARTNER: &str = "urn:example:partner-token";

/// A code for Ada; the server accepts each code once.
pub(crate) fn code(number: u64) -> ExternalToken {
    ExternalToken {
        token: Secret::new(format!("external:ada@example.com:{number}")),
        kind: APPLE.to_owned(),
        actor: None,
        user_profile: None,
        parameters: HashMap::new(),
    }
}

fn partners(token: &str) -> ExternalToken {
    ExternalToken {
        token: Secret::new(token),
        kind: PARTNER.to_owned(),
        ..code(0)
    }
}

fn code_of(error: SessionError) -> String {
    match error {
        SessionError::RestartSignIn { code, .. } => code,
        error => panic!("{error:?}"),
    }
}

fn subject(state: Option<SessionState>) -> String {
    match state {
        Some(SessionState::SignedIn { subject, .. }) => subject,
        state => panic!("{state:?}"),
    }
}

#[tokio::test]
async fn a_code_of_apples_begins_a_session_like_any_other() {
    let world = World::new().await;
    let session = world.session();
    let mut reports = session.subscribe();
    let with_name = ExternalToken {
        user_profile: Some(Secret::new(
            json!({"name": {"firstName": "Augusta", "lastName": "King"}}).to_string(),
        )),
        ..code(1)
    };
    session.sign_in_by_exchange(with_name).await.unwrap();
    assert_eq!(subject(session.state()), "auth0|ada");
    let events = std::iter::from_fn(|| reports.try_recv().ok());
    let is_sign_in = |report: Report| {
        let by = SignInWay::TokenExchange;
        matches!(report, Report::Event(SessionEvent::SignedIn { by: found, .. }) if found == by)
    };
    assert!(events.into_iter().any(is_sign_in));
    assert_renews(&session).await;
    let restarted = world.session();
    restarted.restore().await.unwrap();
    assert_renews(&restarted).await;
    let profile = restarted.profile(true).await.unwrap();
    assert_eq!(profile.given_name.as_deref(), Some("Augusta"));
    assert_eq!(world.control().counters().external_tokens_exchanged, 1);
    assert!(
        restarted.fetch_metadata(&[]).await.is_ok(),
        "the audience was asked for"
    );
}

#[tokio::test]
async fn so_does_a_token_of_a_type_that_the_issuer_knows() {
    let world = World::new().await;
    let session = world.session_with(SessionConfiguration {
        resources: vec!["https://api.example.com/".to_owned()],
        audience: None,
        ..world.oidc_configuration()
    });
    session
        .sign_in_by_exchange(partners("external:grace@example.com"))
        .await
        .unwrap();
    assert_eq!(subject(session.state()), "auth0|grace");
    assert_renews(&session).await;
}

#[tokio::test]
async fn another_user_takes_the_place_of_the_one_before() {
    let world = World::new().await;
    let session = world.session();
    world.sign_in(&session, GRACE).await;
    session.sign_in_by_exchange(code(1)).await.unwrap();
    assert_eq!(subject(session.state()), "auth0|ada");
    world.control().wait_for_requests(Endpoint::Revoke, 1).await;
    assert_eq!(world.control().counters().families_revoked, 1);
    assert_renews(&session).await;
}

#[tokio::test]
async fn what_the_issuer_refuses_changes_nothing_and_says_what_to_do() {
    let world = World::new().await;
    let session = world.session();
    world.sign_in(&session, GRACE).await;
    let stored = world.stored();
    let unknown = partners("external:nobody@example.com");
    assert_eq!(
        code_of(public(session.sign_in_by_exchange(unknown).await)),
        "invalid_grant"
    );
    let other_type = ExternalToken {
        kind: "urn:example:unknown".to_owned(),
        ..code(1)
    };
    let refused = public(session.sign_in_by_exchange(other_type).await);
    assert_eq!(code_of(refused), "invalid_request");
    for (fault, field, words) in [
        (
            Fault::oauth_error(403, "unauthorized_client", "Grant type not allowed for the client."),
            "client_id",
            "Native Social Login",
        ),
        (
            Fault::oauth_error(403, "unsupported_grant_type", "Unsupported grant type"),
            "client_id",
            "Custom Token Exchange",
        ),
        (Fault::oauth_error(400, "invalid_target", ""), "audience", "API"),
        (Fault::oauth_error(400, "invalid_scope", ""), "scopes", "scopes"),
    ] {
        world.control().fault(Endpoint::Token, fault);
        match public(session.sign_in_by_exchange(code(2)).await) {
            SessionError::FixConfiguration { field: found, message } => {
                assert_eq!(found, field);
                assert!(message.contains(words), "{message}");
            }
            error => panic!("{error:?}"),
        }
    }
    assert_eq!(subject(session.state()), "auth0|grace");
    assert_eq!(world.stored(), stored);
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_before_anything_is_sent() {
    let mut world = World::new().await;
    let session = world.session();
    let named = |name: &str| ExternalToken {
        parameters: HashMap::from([(name.to_owned(), "x".to_owned())]),
        ..code(1)
    };
    let no_type = ExternalToken {
        kind: " ".to_owned(),
        ..code(1)
    };
    for (external, argument) in [
        (partners(""), "token"),
        (no_type, "type"),
        (named("subject_token"), "parameters"),
        (named("scope"), "parameters"),
    ] {
        match public(session.sign_in_by_exchange(external).await) {
            SessionError::FixArgument { argument: found, .. } => assert_eq!(found, argument),
            error => panic!("{error:?}"),
        }
    }
    world.sharing = Sharing::ReadOnly;
    let refused = public(world.session().sign_in_by_exchange(code(1)).await);
    assert!(matches!(refused, SessionError::OpenApp { .. }), "{refused:?}");
    assert_eq!(world.control().seen(Endpoint::Token), 0);
}

#[tokio::test]
async fn an_id_token_that_is_not_accepted_ends_it_and_what_came_is_revoked() {
    for (claim, value) in [
        ("aud", json!("another-client")),
        ("iss", json!("https://other.example/")),
    ] {
        let world = World::new().await;
        let fault = Fault::id_token(IdTokenFault::new().claim(claim, value));
        world.control().fault(Endpoint::Token, fault);
        let outcome = world.session().sign_in_by_exchange(code(1)).await;
        assert_eq!(code_of(public(outcome)), "id_token_invalid");
        assert_eq!(world.control().counters().families_revoked, 1);
        assert_eq!(world.stored(), None);
    }
    let world = World::new().await;
    let fault = Fault::answer_without(&["id_token"]);
    world.control().fault(Endpoint::Token, fault);
    let outcome = world.session().sign_in_by_exchange(code(1)).await;
    assert_eq!(code_of(public(outcome)), "id_token_missing");
}

#[tokio::test]
async fn the_organization_that_was_asked_for_is_checked() {
    let world = World::new().await;
    let for_organization = ExternalToken {
        parameters: HashMap::from([("organization".to_owned(), "org_pilotlight".to_owned())]),
        ..partners("external:ada@example.com")
    };
    let fault = Fault::id_token(IdTokenFault::new().claim("org_id", json!("org_other")));
    world.control().fault(Endpoint::Token, fault);
    let session = world.session();
    let refused = public(session.sign_in_by_exchange(for_organization.clone()).await);
    assert_eq!(code_of(refused), "id_token_invalid");
    session.sign_in_by_exchange(for_organization).await.unwrap();
}

#[tokio::test]
async fn a_code_that_was_spent_is_not_sent_again_while_the_keys_cannot_be_had() {
    let world = World::new().await;
    let session = world.session();
    // The keys have been fetched before. The token is signed with newer ones, which cannot be fetched.
    session.sign_in_by_exchange(code(0)).await.unwrap();
    world.control().fault(Endpoint::Token, Fault::hold());
    let rotate = async {
        world.control().wait_for_held(Endpoint::Token, 1).await;
        world
            .control()
            .rotate_keys(pilotlight_identity_server::OldKeys::Withdraw);
        world.control().fault(Endpoint::Jwks, Fault::status(503).for_ever());
        world.control().release(Endpoint::Token);
    };
    let (outcome, ()) = tokio::join!(session.sign_in_by_exchange(code(1)), rotate);
    let later = public(outcome);
    assert!(matches!(later, SessionError::RetryLater { .. }), "{later:?}");
    world.control().clear_faults(Endpoint::Jwks);
    world.clock.advance(90);
    session.sign_in_by_exchange(code(1)).await.unwrap();
    assert_eq!(world.control().counters().external_tokens_exchanged, 2);
    assert_renews(&session).await;
    // The sign-in has ended: trying again is another sign-in, and this issuer accepts a code once.
    assert_eq!(
        code_of(public(session.sign_in_by_exchange(code(1)).await)),
        "invalid_grant"
    );
    assert!(is_signed_in(&session));
}

#[tokio::test]
async fn a_cancellation_and_a_sign_out_end_it_and_what_comes_late_is_revoked() {
    for signs_out in [false, true] {
        let world = World::new().await;
        let session = world.session();
        world.control().fault(Endpoint::Token, Fault::hold());
        let end = async {
            world.control().wait_for_held(Endpoint::Token, 1).await;
            if signs_out {
                session.sign_out().await;
            } else {
                session.cancel_sign_in();
            }
            world.control().release(Endpoint::Token);
        };
        let (outcome, ()) = tokio::join!(session.sign_in_by_exchange(code(1)), end);
        assert!(matches!(public(outcome), SessionError::SignInCancelled));
        assert!(!is_signed_in(&session));
        world.control().wait_for_requests(Endpoint::Revoke, 1).await;
        assert_eq!(world.control().counters().families_revoked, 1);
    }
}

#[tokio::test]
async fn two_callers_with_the_same_code_send_it_once() {
    let world = World::new().await;
    let session = world.session();
    let (one, other) = tokio::join!(
        session.sign_in_by_exchange(code(1)),
        session.sign_in_by_exchange(code(1))
    );
    assert!(one.is_ok());
    assert_eq!(code_of(public(other)), "no_sign_in_in_progress");
    assert_eq!(world.control().seen(Endpoint::Token), 1);
    assert!(is_signed_in(&session));
}

#[tokio::test]
async fn a_store_that_refuses_is_said_and_the_session_is_written_later() {
    let world = World::new().await;
    let session = world.session();
    world.store.fail_writes(Some(disk_full()));
    let unsaved = public(session.sign_in_by_exchange(code(1)).await);
    assert!(matches!(unsaved, SessionError::CheckStorage { .. }), "{unsaved:?}");
    assert!(is_signed_in(&session));
    world.store.fail_writes(None);
    assert_renews(&session).await;
    let restarted = world.session();
    restarted.restore().await.unwrap();
    assert_renews(&restarted).await;
}

#[tokio::test]
async fn its_tokens_are_bound_where_the_session_is() {
    let options = Options::default().with(|settings| {
        settings.dpop = Dpop::Required;
        settings.dpop_nonce_lifetime = Some(60);
    });
    let world = World::with(options).await;
    let session = world.session_with(required(&world));
    session.sign_in_by_exchange(code(1)).await.unwrap();
    assert!(session.bound_key().is_some());
    crate::dpop::assert_all_is_well(&world, &session).await;
}

#[tokio::test]
async fn nothing_that_was_sent_is_printed_or_stored() {
    let world = World::new().await;
    let session = world.session();
    let external = ExternalToken {
        user_profile: Some(Secret::new(json!({"name": {"firstName": "Planted"}}).to_string())),
        ..code(1)
    };
    let printed = format!("{external:?}");
    let description = "The code external:ada@example.com:1 of Planted is spent";
    let refused = Fault::oauth_error(403, "invalid_grant", description);
    world.control().fault(Endpoint::Token, refused);
    let error = session.sign_in_by_exchange(external.clone()).await.unwrap_err();
    session.sign_in_by_exchange(external).await.unwrap();
    let stored = world.stored().unwrap().to_string();
    let said = format!("{printed} {error:?} {error} {} {stored}", world.log.text());
    for secret in ["external:ada", "Planted"] {
        assert!(!said.contains(secret), "{secret}: {said}");
    }
}
