//! Sessions without information about their user: apps that kept only an access token and a refresh token. The issuer
//! is asked.

use pilotlight_core::ffi::{RetryReason, SessionError};
use pilotlight_core::model::configuration::SessionConfiguration;
use pilotlight_core::model::state::SessionState;
use pilotlight_core::ports::StoreError;
use pilotlight_core::session::{ImportOutcome, ImportSource};
use pilotlight_core::storage::migration::ImportProblem;
use pilotlight_identity_server::{Client, Endpoint, Fault, Options};
use serde_json::json;

use super::{
    OldTokens, SUBJECT, archives, assert_imported, credentials_manager, keep_with_credentials_manager, old_tokens,
};
use crate::world::{ADA, World, assert_renews, assert_unexpected, disk_full, public, until};

pub(super) fn source(tokens: &OldTokens, access_token: Option<&str>) -> ImportSource {
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

/// As for every profile (OpenID Connect Core 5.3.2): a signature alone does not show for whom it was made.
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

/// If the old library stored the expiry, it decides whether the token is tried.
#[tokio::test]
async fn an_access_token_is_tried_until_the_second_in_which_it_ends() {
    for (seconds_left, is_tried) in [(1, true), (0, false)] {
        let world = World::new().await;
        let tokens = OldTokens {
            id_token: String::new(),
            expires_at: world.wall().plus(seconds_left),
            ..old_tokens(&world).await
        };
        keep_with_credentials_manager(&world, &tokens);
        assert_imported(&world.session().import_session(credentials_manager()).await.unwrap());
        assert_eq!(world.control().seen(Endpoint::Userinfo), u64::from(is_tried));
        assert_eq!(world.refresh_grants(), u64::from(!is_tried));
    }
}

#[tokio::test]
async fn what_a_renewal_says_to_learn_the_user_is_the_sessions() {
    let world = World::new().await;
    let tokens = old_tokens(&world).await;
    let granted = Fault::answer(json!({"scope": "openid offline_access"}));
    world.control().fault(Endpoint::Token, granted);
    let session = world.session();
    session.import_session(source(&tokens, None)).await.unwrap();
    assert_eq!(session.granted_scopes().unwrap(), ["openid", "offline_access"]);
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
    assert_eq!(world.stored(), None);
    world.cooldown();
    world.control().revoke_user(ADA);
    let outcome = session.import_session(source(&tokens, None)).await.unwrap();
    let problem = ImportProblem::Ended;
    assert_eq!(outcome, ImportOutcome::Unreadable { problem });
    assert_eq!(world.stored(), None);
}

/// The issuer rotates, sends no ID token, and then its userinfo endpoint is unavailable: the new refresh token exists
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
    world.clock.advance(31);
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

/// The same in the next launch: the tokens were stored before the user was requested.
#[tokio::test]
async fn they_are_kept_by_the_store_and_not_by_the_process() {
    let world = World::new().await;
    let tokens = old_tokens(&world).await;
    let no_id_token = Fault::answer_without(&["id_token"]).for_ever();
    world.control().fault(Endpoint::Token, no_id_token);
    world.control().fault(Endpoint::Userinfo, Fault::status(503).times(2));
    let (first, second) = (world.session(), world.session());
    public(first.import_session(source(&tokens, None)).await);
    drop(first);
    public(second.import_session(source(&tokens, None)).await);
    drop(second);
    let session = world.session();
    assert_eq!(session.restore().await, Ok(SessionState::SignedOut));
    assert_imported(&session.import_session(source(&tokens, None)).await.unwrap());
    assert_eq!(world.refresh_grants(), 1);
    world.control().clear_faults(Endpoint::Token);
    assert_renews(&session).await;
    assert_eq!(world.control().counters().spent_refresh_tokens_presented, 0);
}

/// The kept tokens have expired when the user is requested again.
#[tokio::test]
async fn what_was_kept_is_renewed_in_its_turn() {
    let world = World::new().await;
    let tokens = old_tokens(&world).await;
    world
        .control()
        .fault(Endpoint::Token, Fault::answer_without(&["id_token"]).times(2));
    world.control().fault(Endpoint::Userinfo, Fault::status(503).times(2));
    public(world.session().import_session(source(&tokens, None)).await);
    world.clock.advance(2 * 86_400);
    public(world.session().import_session(source(&tokens, None)).await);
    assert_eq!(world.refresh_grants(), 2);
    let session = world.session();
    assert_imported(&session.import_session(source(&tokens, None)).await.unwrap());
    assert_eq!(world.control().counters().spent_refresh_tokens_presented, 0);
    assert_renews(&session).await;
}

#[tokio::test]
async fn a_sign_out_ends_an_import_that_has_renewed() {
    let world = World::new().await;
    let tokens = old_tokens(&world).await;
    let session = world.session();
    world
        .control()
        .fault(Endpoint::Token, Fault::answer_without(&["id_token"]));
    world.control().fault(Endpoint::Userinfo, Fault::status(503));
    public(session.import_session(source(&tokens, None)).await);
    session.sign_out().await;
    until("revoked, and nothing is left", || world.stored().is_none()).await;
    assert_eq!(world.control().counters().families_revoked, 1);
}

/// A write to the store is tried before the issuer is asked.
#[tokio::test]
async fn nothing_is_renewed_while_its_successor_could_not_be_stored() {
    let world = World::new().await;
    let tokens = old_tokens(&world).await;
    let asked = world.control().seen(Endpoint::Token);
    for error in [disk_full(), StoreError::Locked] {
        world.store.fail_writes(Some(error));
        let session = world.session();
        session.import_session(source(&tokens, None)).await.unwrap_err();
        assert_eq!(world.control().seen(Endpoint::Token), asked);
        world.store.fail_writes(None);
    }
    let outcome = world.session().import_session(source(&tokens, None)).await.unwrap();
    assert_eq!(subject(outcome), SUBJECT);
    assert_eq!(world.control().counters().spent_refresh_tokens_presented, 0);
}

/// A launch that tries again and again does not flood the issuer.
#[tokio::test]
async fn an_import_that_the_issuer_failed_is_not_repeated_a_moment_after() {
    let world = World::new().await;
    let tokens = old_tokens(&world).await;
    for (endpoint, fault) in [
        (Endpoint::Token, Fault::status(503)),
        (Endpoint::Token, Fault::status(429).header("retry-after", "0")),
        (Endpoint::Token, Fault::oauth_error(400, "invalid_request", "")),
        (Endpoint::Token, Fault::html(403)),
        (Endpoint::Userinfo, Fault::status(500)),
    ] {
        let session = world.session();
        world.control().fault(endpoint, fault.clone().for_ever());
        let asked = world.control().seen(endpoint);
        let access_token = (endpoint == Endpoint::Userinfo).then_some(tokens.access_token.as_str());
        for _ in 0..20 {
            public(session.import_session(source(&tokens, access_token)).await);
        }
        assert_eq!(world.control().seen(endpoint), asked + 1, "{fault:?}");
        world.clock.advance(31);
        public(session.import_session(source(&tokens, access_token)).await);
        assert_eq!(world.control().seen(endpoint), asked + 2, "{fault:?}");
        world.control().clear_faults(endpoint);
        assert_eq!(world.stored(), None, "{fault:?}");
    }
}

#[tokio::test]
async fn what_an_import_renewed_and_could_not_store_is_kept_and_written_at_the_next_attempt() {
    let world = World::new().await;
    let tokens = old_tokens(&world).await;
    let session = world.session();
    // The store begins to fail when the request is in flight.
    let importing = session.import_session(source(&tokens, None));
    let failed = world.while_the_store_begins_to_fail(disk_full(), importing).await;
    failed.unwrap_err();
    world.control().fault(Endpoint::Userinfo, Fault::status(503).times(3));
    world.clock.advance(31);
    session.import_session(source(&tokens, None)).await.unwrap_err();
    world.store.fail_writes(None);
    let outcome = session.import_session(source(&tokens, None)).await.unwrap();
    assert_eq!(subject(outcome), SUBJECT);
    assert_eq!(world.control().counters().spent_refresh_tokens_presented, 0);
    assert_ne!(world.stored_refresh_token(), tokens.refresh_token);
    assert_renews(&session).await;
}

/// Whatever an app stored: if it can be renewed, it is a session, and is renewed; anything else is an error without
/// effect.
#[tokio::test]
async fn every_subset_of_tokens_is_a_session_that_can_be_renewed_or_none() {
    for (has_access, has_refresh, has_id) in (0..8).map(|subset| (subset & 1 != 0, subset & 2 != 0, subset & 4 != 0)) {
        let world = World::new().await;
        let tokens = old_tokens(&world).await;
        let session = world.session();
        let source = ImportSource::TokenValues {
            access_token: has_access.then_some(tokens.access_token),
            refresh_token: has_refresh.then_some(tokens.refresh_token),
            id_token: has_id.then_some(tokens.id_token),
            profile_archive: None,
        };
        let outcome = session.import_session(source).await.unwrap();
        if has_refresh {
            assert_eq!(subject(outcome), SUBJECT, "{has_access} {has_id}");
            assert_renews(&session).await;
            assert_eq!(world.control().counters().spent_refresh_tokens_presented, 0);
        } else {
            // It is not known when the access token expires.
            let expected = if has_access || has_id {
                let problem = ImportProblem::NothingUsable;
                ImportOutcome::Unreadable { problem }
            } else {
                ImportOutcome::NothingFound
            };
            assert_eq!(outcome, expected, "{has_access} {has_id}");
            assert_eq!(world.stored(), None);
        }
    }
}

/// What an endpoint answers that is no userinfo endpoint, or not any more.
#[tokio::test]
async fn where_userinfo_is_broken_a_renewal_tells() {
    for broken in [Fault::status(404), Fault::html(200), Fault::json(200, &json!([]))] {
        let world = World::new().await;
        let tokens = old_tokens(&world).await;
        world.control().fault(Endpoint::Userinfo, broken.for_ever());
        let session = world.session();
        let imported = session.import_session(source(&tokens, Some(&tokens.access_token)));
        assert_eq!(subject(imported.await.unwrap()), SUBJECT);
        assert_eq!(world.refresh_grants(), 1);
        assert_renews(&session).await;
        assert_eq!(world.control().counters().spent_refresh_tokens_presented, 0);
    }
}

/// The renewal brought no ID token; the next one would not either.
#[tokio::test]
async fn where_that_tells_nothing_no_further_renewal_is_spent() {
    let world = World::new().await;
    let tokens = old_tokens(&world).await;
    let no_id_token = Fault::answer_without(&["id_token"]).for_ever();
    world.control().fault(Endpoint::Token, no_id_token);
    world.control().fault(Endpoint::Userinfo, Fault::status(404).for_ever());
    let session = world.session();
    for _ in 0..3 {
        let imported = session.import_session(source(&tokens, Some(&tokens.access_token)));
        assert_unexpected(&public(imported.await));
        world.clock.advance(31);
    }
    assert_eq!(world.refresh_grants(), 1);
    world.control().clear_faults(Endpoint::Userinfo);
    let imported = session.import_session(source(&tokens, Some(&tokens.access_token)));
    assert_eq!(subject(imported.await.unwrap()), SUBJECT);
}
