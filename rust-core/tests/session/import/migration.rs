//! A user who signed in with another library is signed in with Pilotlight, and stays signed in.

use pilotlight_core::ffi::SessionError;
use pilotlight_core::model::state::SessionState;
use pilotlight_core::model::time::Timestamp;
use pilotlight_core::ports::StoreError;
use pilotlight_core::session::{ImportOutcome, ImportSource, Sharing};
use pilotlight_core::storage::migration::ImportProblem;
use serde_json::json;

use super::{
    OldTokens, SUBJECT, archives, assert_imported, credentials_manager, lock, old_tokens,
    world_with_credentials_manager,
};
use crate::reports::states;
use crate::world::{ADA, World, assert_renews, at_least, cached, disk_full, is_signed_in, public};

#[tokio::test]
async fn a_session_of_auth0_swift_is_imported_without_a_request_and_is_renewed_later() {
    let (world, tokens) = world_with_credentials_manager().await;
    let asked = world.control().requests().len();
    let session = world.session();
    let outcome = session.import_session(credentials_manager()).await.unwrap();
    let state = SessionState::SignedIn {
        subject: SUBJECT.to_owned(),
        expires_at: tokens.expires_at,
    };
    assert_eq!(outcome, ImportOutcome::Imported { state: state.clone() });
    assert_eq!(session.state(), Some(state));
    assert_eq!(cached(&session), Some(tokens.access_token.clone()));
    assert_eq!(world.control().requests().len(), asked, "no network");
    // The next launch finds it like any other session.
    let next = world.session();
    next.restore().await.unwrap();
    assert_eq!(cached(&next), Some(tokens.access_token));
    assert_eq!(world.stored_refresh_token(), tokens.refresh_token);
    assert_renews(&next).await;
    assert_eq!(
        world.foreign.left(),
        ["com.example.app/credentials"],
        "the old item stays"
    );
}

#[tokio::test]
async fn an_expired_token_is_renewed_at_first_use_whatever_life_is_asked_for() {
    let world = World::new().await;
    let mut tokens = old_tokens(&world).await;
    tokens.expires_at = Timestamp(1_500_000_000);
    let bytes = archives::credentials(&tokens);
    let session = world.session();
    assert_imported(
        &session
            .import_session(ImportSource::ArchivedBytes { bytes })
            .await
            .unwrap(),
    );
    assert_eq!((cached(&session), world.refresh_grants()), (None, 0));
    assert!(is_signed_in(&session));
    let token = session.access_token(at_least(3600)).await.unwrap();
    assert_ne!(token.expose(), tokens.access_token);
    assert_eq!(world.refresh_grants(), 1);
}

/// Only the token's expiry is known; its lifetime is assumed to be a day.
#[tokio::test]
async fn an_imported_token_is_good_though_the_clock_is_set_back_within_that_day() {
    let (world, tokens) = world_with_credentials_manager().await;
    world.clock.advance(12 * 3600);
    let session = world.session();
    assert_imported(&session.import_session(credentials_manager()).await.unwrap());
    let asked = || session.access_token(at_least(0));
    world.clock.set_wall(0);
    assert_eq!(asked().await.unwrap().expose(), tokens.access_token);
    assert_eq!(world.refresh_grants(), 0);
    world.clock.set_wall(-1);
    assert_ne!(asked().await.unwrap().expose(), tokens.access_token);
    assert_eq!(world.refresh_grants(), 1, "before that it proves nothing");
}

#[tokio::test]
async fn who_listens_is_notified_of_it_when_it_is_stored() {
    let (world, _) = world_with_credentials_manager().await;
    let session = world.session();
    session.restore().await.unwrap();
    let mut states = states(&session);
    assert_eq!(states.recv().await, Some(SessionState::SignedOut));
    world.store.fail_writes(Some(disk_full()));
    let error = public(session.import_session(credentials_manager()).await);
    assert!(
        matches!(error, SessionError::CheckStorage { status: Some(28), .. }),
        "{error:?}"
    );
    assert_eq!(session.state(), Some(SessionState::SignedOut));
    assert!(states.try_recv().is_err(), "nothing is announced that is not stored");
    // Nothing is lost: the next attempt succeeds.
    world.store.fail_writes(None);
    assert_imported(&session.import_session(credentials_manager()).await.unwrap());
    assert!(matches!(states.recv().await, Some(SessionState::SignedIn { .. })));
    assert_renews(&session).await;
}

#[tokio::test]
async fn a_state_of_app_auth_is_imported() {
    let world = World::new().await;
    let tokens = old_tokens(&world).await;
    let source = |client| ImportSource::ArchivedBytes {
        bytes: archives::auth_state(&tokens, client),
    };
    let session = world.session_with(world.oidc_configuration());
    let other = session.import_session(source("another-app")).await.unwrap();
    let problem = ImportProblem::OtherClient;
    assert_eq!(other, ImportOutcome::Unreadable { problem });
    assert_imported(&session.import_session(source("native-app")).await.unwrap());
    assert_renews(&session).await;
    assert_eq!(world.control().counters().spent_refresh_tokens_presented, 0);
}

fn put_as_lock_did(world: &World, tokens: &OldTokens, profile: &[u8]) {
    for (account, value) in [
        ("id_token", tokens.id_token.as_bytes()),
        ("refresh_token", tokens.refresh_token.as_bytes()),
        ("profile", profile),
    ] {
        world.foreign.put("Auth0", account, value);
    }
}

#[tokio::test]
async fn strings_and_profile_of_lock_are_imported() {
    let world = World::new().await;
    let tokens = old_tokens(&world).await;
    put_as_lock_did(&world, &tokens, &archives::profile(SUBJECT));
    let session = world.session();
    assert_imported(&session.import_session(lock()).await.unwrap());
    // Stored: the ID token and the refresh token, but no access token.
    let credentials = world.stored().unwrap()["credentials"].clone();
    assert_eq!(credentials["id_token"], json!(tokens.id_token));
    assert_eq!(credentials["refresh_token"], json!(tokens.refresh_token));
    assert_eq!(credentials.get("access_token"), None);
    // The profile is available offline, and its age is not known.
    let next = world.session();
    next.restore().await.unwrap();
    let profile = next.cached_profile().unwrap();
    assert_eq!(
        (profile.name.as_deref(), profile.fetched_at),
        (Some("Ada of old"), Timestamp(0))
    );
    assert_ne!(next.profile(true).await.unwrap().name.as_deref(), Some("Ada of old"));
}

#[tokio::test]
async fn a_profile_of_somebody_else_or_none_at_all_does_not_hold_the_tokens_back() {
    for profile in [archives::profile("auth0|grace"), b"no archive".to_vec()] {
        let world = World::new().await;
        let tokens = old_tokens(&world).await;
        put_as_lock_did(&world, &tokens, &profile);
        let session = world.session();
        assert_imported(&session.import_session(lock()).await.unwrap());
        assert_eq!(session.cached_profile(), None);
    }
}

#[tokio::test]
async fn an_access_or_id_token_that_is_no_text_does_not_hold_the_others_back() {
    for damaged in [b"\xff\xfe".to_vec(), vec![b'x'; 300 * 1024]] {
        for account in ["access_token", "id_token"] {
            let world = World::new().await;
            let tokens = old_tokens(&world).await;
            put_as_lock_did(&world, &tokens, &archives::profile(SUBJECT));
            world.foreign.put("Auth0", account, &damaged);
            let session = world.session();
            assert_imported(&session.import_session(lock()).await.unwrap());
            assert_renews(&session).await;
        }
    }
    // Where there is nothing else, that is what the app learns.
    let world = World::new().await;
    world.foreign.put("Auth0", "id_token", b"\xff\xfe");
    let problem = ImportProblem::Malformed;
    let outcome = world.session().import_session(lock()).await.unwrap();
    assert_eq!(outcome, ImportOutcome::Unreadable { problem });
}

#[tokio::test]
async fn what_cannot_be_taken_over_is_an_outcome() {
    let world = World::new().await;
    let tokens = old_tokens(&world).await;
    let session = world.session();
    assert_eq!(
        session.import_session(lock()).await.unwrap(),
        ImportOutcome::NothingFound
    );
    let outcome = async |source| match session.import_session(source).await.unwrap() {
        ImportOutcome::Unreadable { problem } => problem,
        other => panic!("{other:?}"),
    };
    let values = |refresh_token: Option<&str>, id_token: &str| ImportSource::TokenValues {
        access_token: Some("of unknown age".to_owned()),
        refresh_token: refresh_token.map(str::to_owned),
        id_token: Some(id_token.to_owned()),
        profile_archive: None,
    };
    let garbage = ImportSource::ArchivedBytes {
        bytes: b"<?xml?>".to_vec(),
    };
    assert_eq!(outcome(garbage).await, ImportProblem::Malformed);
    assert_eq!(
        outcome(values(None, &tokens.id_token)).await,
        ImportProblem::NothingUsable
    );
    world.foreign.put("Auth0", "access_token", b"alone");
    assert_eq!(outcome(lock()).await, ImportProblem::NothingUsable);
    world.foreign.put("Auth0", "refresh_token", b"\xff\xfe");
    assert_eq!(outcome(lock()).await, ImportProblem::Malformed);
    let elsewhere = {
        let other = World::new().await;
        old_tokens(&other).await.id_token
    };
    assert_eq!(
        outcome(values(Some("refresh"), &elsewhere)).await,
        ImportProblem::OtherIssuer
    );
    assert_eq!(session.state(), Some(SessionState::SignedOut));
    assert_eq!(world.stored(), None);
    assert_eq!(
        world.refresh_grants(),
        0,
        "another issuer's refresh token is not sent anywhere"
    );
}

#[tokio::test]
async fn a_locked_device_is_tried_again_after_the_unlock() {
    let (world, _) = world_with_credentials_manager().await;
    let session = world.session();
    world.store.fail_reads(Some(StoreError::Locked));
    let error = public(session.import_session(credentials_manager()).await);
    assert!(matches!(error, SessionError::WaitForUnlock { .. }), "{error:?}");
    world.store.fail_reads(None);
    world.foreign.fail(Some(StoreError::Locked));
    let error = public(session.import_session(credentials_manager()).await);
    assert!(matches!(error, SessionError::WaitForUnlock { .. }), "{error:?}");
    world.foreign.fail(None);
    assert_imported(&session.import_session(credentials_manager()).await.unwrap());
}

#[tokio::test]
async fn a_session_that_is_there_is_never_replaced() {
    let (world, tokens) = world_with_credentials_manager().await;
    let session = world.session();
    world.sign_in(&session, ADA).await;
    let own = world.stored();
    assert_eq!(
        session.import_session(credentials_manager()).await.unwrap(),
        ImportOutcome::SessionExists
    );
    // Nor a session that another launch has stored, nor one that has ended.
    let next = world.session();
    assert_eq!(
        next.import_session(credentials_manager()).await.unwrap(),
        ImportOutcome::SessionExists
    );
    assert_eq!(world.stored(), own);
    assert_ne!(world.stored_refresh_token(), tokens.refresh_token);
}

#[tokio::test]
async fn an_id_token_alone_is_imported_where_the_tenant_renews_it() {
    let world = World::new().await;
    let tokens = old_tokens(&world).await;
    let source = ImportSource::TokenValues {
        access_token: None,
        refresh_token: None,
        id_token: Some(tokens.id_token.clone()),
        profile_archive: None,
    };
    let problem = ImportProblem::NothingUsable;
    let session = world.session();
    let outcome = session.import_session(source.clone()).await.unwrap();
    assert_eq!(outcome, ImportOutcome::Unreadable { problem });
    let mut configuration = world.configuration();
    configuration.legacy = true;
    let session = world.session_with(configuration);
    assert_imported(&session.import_session(source).await.unwrap());
    assert!(is_signed_in(&session));
}

/// It was not there when this process read the store.
#[tokio::test]
async fn nor_one_that_was_stored_a_moment_ago() {
    let (world, _) = world_with_credentials_manager().await;
    let session = world.session();
    session.restore().await.unwrap();
    world.signed_in().await;
    let stored = world.stored();
    assert_eq!(
        session.import_session(credentials_manager()).await.unwrap(),
        ImportOutcome::SessionExists
    );
    assert_eq!(world.stored(), stored);
}

#[tokio::test]
async fn what_a_newer_release_stored_is_not_written_over() {
    let (world, _) = world_with_credentials_manager().await;
    let session = world.session();
    world.sign_in(&session, ADA).await;
    let (name, _) = world.store.items().into_iter().next().unwrap();
    let newer = br#"{"version":99,"secret":"of the future"}"#;
    world.store.put(&name, newer);
    let next = world.session();
    for _ in 0..2 {
        let error = public(next.import_session(credentials_manager()).await);
        assert!(matches!(error, SessionError::CheckStorage { .. }), "{error:?}");
        assert_eq!(world.store.items()[&name], newer);
    }
}

#[tokio::test]
async fn a_read_only_session_imports_nothing() {
    let (mut world, _) = world_with_credentials_manager().await;
    world.sharing = Sharing::ReadOnly;
    let session = world.session();
    let error = public(session.import_session(credentials_manager()).await);
    assert!(matches!(error, SessionError::OpenApp { .. }), "{error:?}");
    let error = public(session.discard_imported_session(credentials_manager()).await);
    assert!(matches!(error, SessionError::OpenApp { .. }), "{error:?}");
}

#[tokio::test]
async fn no_token_is_logged() {
    let (world, tokens) = world_with_credentials_manager().await;
    let session = world.session();
    session.import_session(credentials_manager()).await.unwrap();
    let log = world.log.text();
    assert!(log.contains("import: done"), "{log}");
    for secret in [&tokens.access_token, &tokens.refresh_token, &tokens.id_token] {
        assert!(!log.contains(secret.as_str()));
    }
    let source = ImportSource::TokenValues {
        access_token: Some(tokens.access_token.clone()),
        refresh_token: Some(tokens.refresh_token.clone()),
        id_token: None,
        profile_archive: None,
    };
    assert_eq!(format!("{source:?}"), "TokenValues");
}
