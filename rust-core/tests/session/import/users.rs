//! Sessions in which nothing says whose they are: apps that kept an access token and a refresh token alone. The issuer is
//! asked.

use pilotlight_core::ffi::{RetryReason, SessionError};
use pilotlight_core::model::configuration::SessionConfiguration;
use pilotlight_core::model::state::SessionState;
use pilotlight_core::session::{ImportOutcome, ImportSource};
use pilotlight_core::storage::migration::ImportProblem;
use pilotlight_identity_server::{Client, Endpoint, Fault, Options};

use super::{OldTokens, SUBJECT, archives, assert_imported, old_tokens};
use crate::world::{ADA, World, assert_renews, assert_unexpected, disk_full, public};

fn source(tokens: &OldTokens, access_token: Option<&str>) -> ImportSource {
    ImportSource::TokenValues {
        access_token: access_token.map(str::to_owned),
        refresh_token: Some(tokens.refresh_token.clone()),
        id_token: None,
        profile_archive: None,
    }
}

fn subject(outcome: ImportOutcome) -> String {
    match outcome {
        ImportOutcome::Imported {
            state: SessionState::SignedIn { subject, .. },
        } => subject,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_good_access_token_tells_at_the_userinfo_endpoint() {
    let world = World::new().await;
    let tokens = old_tokens(&world).await;
    let session = world.session();
    let outcome = session
        .import_session(source(&tokens, Some(&tokens.access_token)))
        .await
        .unwrap();
    assert_eq!(subject(outcome), SUBJECT);
    assert_eq!(world.refresh_grants(), 0);
    assert_eq!(world.stored_refresh_token(), tokens.refresh_token);
    assert_renews(&session).await;
}

/// As for every profile (OpenID Connect Core 5.3.2): a signature alone does not say for whom it was made.
#[tokio::test]
async fn a_signed_answer_for_another_client_tells_nothing() {
    let world = World::with(Options::default().client(Client::native("other-app"))).await;
    let others = world.session_with(SessionConfiguration {
        client_id: "other-app".to_owned(),
        ..world.configuration()
    });
    world.sign_in(&others, ADA).await;
    let credentials = world.stored().unwrap()["credentials"].clone();
    world.store.clear();
    let tokens = old_tokens(&world).await;
    let signed = Fault::status(200).header("content-type", "application/jwt");
    let signed = signed.body(credentials["id_token"].as_str().unwrap());
    world.control().fault(Endpoint::Userinfo, signed);
    let session = world.session();
    let error = public(
        session
            .import_session(source(&tokens, Some(&tokens.access_token)))
            .await,
    );
    assert_unexpected(&error);
    assert_eq!(world.stored(), None);
}

#[tokio::test]
async fn an_expired_one_is_renewed_first_and_the_new_tokens_are_the_sessions() {
    let world = World::new().await;
    let tokens = old_tokens(&world).await;
    let session = world.session();
    let outcome = session
        .import_session(source(&tokens, Some("expired long ago")))
        .await
        .unwrap();
    assert_eq!(subject(outcome), SUBJECT);
    assert_eq!(world.refresh_grants(), 1);
    assert_ne!(world.stored_refresh_token(), tokens.refresh_token);
    assert_renews(&session).await;
    assert_eq!(world.control().counters().spent_refresh_tokens_presented, 0);
}

#[tokio::test]
async fn the_archived_profile_tells_without_a_request() {
    let world = World::new().await;
    let tokens = old_tokens(&world).await;
    let asked = world.control().requests().len();
    let session = world.session();
    let source = ImportSource::TokenValues {
        access_token: None,
        refresh_token: Some(tokens.refresh_token),
        id_token: None,
        profile_archive: Some(archives::profile(SUBJECT)),
    };
    assert_eq!(subject(session.import_session(source).await.unwrap()), SUBJECT);
    assert_eq!(world.control().requests().len(), asked);
    assert_eq!(session.cached_profile().unwrap().name.as_deref(), Some("Ada of old"));
}

#[tokio::test]
async fn a_refresh_token_that_is_dead_is_an_outcome_and_a_network_that_is_down_is_not() {
    let world = World::new().await;
    let tokens = old_tokens(&world).await;
    let session = world.session();
    world.control().fault(Endpoint::Token, Fault::status(503));
    let error = public(session.import_session(source(&tokens, None)).await);
    assert!(
        matches!(
            &error,
            SessionError::RetryLater {
                reason: RetryReason::ServerFault,
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(session.state(), Some(SessionState::SignedOut));
    world.control().revoke_user(ADA);
    let outcome = session.import_session(source(&tokens, None)).await.unwrap();
    let problem = ImportProblem::Ended;
    assert_eq!(outcome, ImportOutcome::Unreadable { problem });
    assert_eq!(world.stored(), None);
}

/// The issuer rotates, sends no ID token along, and then its userinfo endpoint is not there: the new refresh token exists
/// nowhere else.
#[tokio::test]
async fn tokens_that_were_renewed_to_learn_the_user_are_kept_until_that_is_known() {
    let world = World::new().await;
    let tokens = old_tokens(&world).await;
    let session = world.session();
    world
        .control()
        .fault(Endpoint::Token, Fault::answer_without(&["id_token"]));
    world.control().fault(Endpoint::Userinfo, Fault::status(503));
    public(session.import_session(source(&tokens, None)).await);
    assert_eq!(world.refresh_grants(), 1);
    assert_imported(&session.import_session(source(&tokens, None)).await.unwrap());
    assert_eq!(world.refresh_grants(), 1);
    assert_renews(&session).await;
    assert_eq!(world.control().counters().spent_refresh_tokens_presented, 0);
}

#[tokio::test]
async fn what_has_no_known_nonce_is_renewed_also_where_the_issuer_repeats_it() {
    let world = World::with(Options::default().with(|settings| settings.refresh_repeats_nonce = true)).await;
    let tokens = old_tokens(&world).await;
    let session = world.session();
    let imported = source(&tokens, Some(&tokens.access_token));
    assert_imported(&session.import_session(imported).await.unwrap());
    assert_eq!(world.stored().unwrap().get("nonce"), None);
    assert_renews(&session).await;
    assert_renews(&session).await;
}

#[tokio::test]
async fn what_an_import_renewed_and_could_not_store_is_kept_and_written_at_the_next_attempt() {
    let world = World::new().await;
    let tokens = old_tokens(&world).await;
    let session = world.session();
    world.store.fail_writes(Some(disk_full()));
    session.import_session(source(&tokens, None)).await.unwrap_err();
    world.control().fault(Endpoint::Userinfo, Fault::status(503).times(3));
    session.import_session(source(&tokens, None)).await.unwrap_err();
    world.store.fail_writes(None);
    let outcome = session.import_session(source(&tokens, None)).await.unwrap();
    assert_eq!(subject(outcome), SUBJECT);
    assert_eq!(world.control().counters().spent_refresh_tokens_presented, 0);
    assert_ne!(world.stored_refresh_token(), tokens.refresh_token);
    assert_renews(&session).await;
}
