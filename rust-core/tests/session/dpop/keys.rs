//! Keys that are lost, locked, or cannot be created.

use std::sync::Mutex;

use pilotlight_core::adapters::proof_keys::SoftwareKeys;
use pilotlight_core::ffi::{SessionError, SignInReason};
use pilotlight_core::model::proof_key::{ProofKey, TokenBinding};
use pilotlight_core::model::secret::SecretBytes;
use pilotlight_core::ports::{BoxFuture, ProofKeyError, ProofKeys};
use pilotlight_core::session::SessionManager;
use pilotlight_identity_server::Endpoint;

use super::{binding, bound, required, world};
use crate::world::{ADA, World, assert_renews, forced, is_signed_in, public};

/// Software keys, until the test makes every use fail.
#[derive(Debug, Default)]
pub(crate) struct ScriptedKeys(Mutex<Option<ProofKeyError>>);

impl ScriptedKeys {
    pub(crate) fn fail(&self, error: Option<ProofKeyError>) {
        *self.0.lock().unwrap() = error;
    }

    fn check(&self) -> Result<(), ProofKeyError> {
        self.0.lock().unwrap().clone().map_or(Ok(()), Err)
    }
}

impl ProofKeys for ScriptedKeys {
    fn create(&self) -> BoxFuture<'_, Result<ProofKey, ProofKeyError>> {
        Box::pin(async {
            self.check()?;
            SoftwareKeys.create().await
        })
    }

    fn find(&self, handle: SecretBytes) -> BoxFuture<'_, Result<ProofKey, ProofKeyError>> {
        Box::pin(async {
            self.check()?;
            SoftwareKeys.find(handle).await
        })
    }

    fn sign<'a>(&'a self, key: &'a ProofKey, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, ProofKeyError>> {
        Box::pin(async {
            self.check()?;
            SoftwareKeys.sign(key, message).await
        })
    }
}

fn is_key_lost(error: &SessionError) -> bool {
    matches!(
        error,
        SessionError::SignIn {
            reason: SignInReason::ProofKeyLost,
            ..
        }
    )
}

/// The number of requests to the issuer since the last call.
fn requests(world: &World) -> usize {
    let count = world.control().requests().len();
    world.control().clear_requests();
    count
}

/// As after a backup was restored to another device.
#[tokio::test]
async fn a_lost_key_means_sign_in_again_and_asks_nobody() {
    let world = world().await;
    let session = bound(&world).await;
    requests(&world);
    world.keys.fail(Some(ProofKeyError::Lost));
    for _ in 0..3 {
        let error = public(session.access_token(forced()).await);
        assert!(is_key_lost(&error), "{error:?}");
        assert!(is_key_lost(&public(session.profile(true).await)));
        assert!(is_key_lost(&public(session.fetch_metadata(&[]).await)));
    }
    assert_eq!(requests(&world), 0);
    assert!(world.stored().is_some(), "the session is kept");
    world.keys.fail(None);
    assert_renews(&session).await;
    world.sign_in(&session, ADA).await;
    assert!(session.bound_key().is_some());
}

#[tokio::test]
async fn a_damaged_key_is_a_lost_one() {
    let world = world().await;
    drop(bound(&world).await);
    world.change_stored(|item| item["credentials"]["proof_key"]["handle"] = "AAAA".into());
    let session = world.session_with(required(&world));
    session.restore().await.unwrap();
    let error = public(session.access_token(forced()).await);
    assert!(is_key_lost(&error), "{error:?}");
    world.sign_in(&session, ADA).await;
    assert_renews(&session).await;
}

#[tokio::test]
async fn a_locked_device_is_locked_and_spends_nothing() {
    let world = world().await;
    let session = bound(&world).await;
    requests(&world);
    world.keys.fail(Some(ProofKeyError::Locked));
    let error = public(session.access_token(forced()).await);
    assert!(matches!(error, SessionError::WaitForUnlock { .. }), "{error:?}");
    assert_eq!(requests(&world), 0);
    world.keys.fail(None);
    assert_renews(&session).await;
}

async fn begins(session: &SessionManager) -> Result<(), SessionError> {
    let begun = session.begin_sign_in(Default::default()).await;
    begun.map(drop).map_err(SessionError::from)
}

#[tokio::test]
async fn where_no_key_can_be_made_only_what_is_required_fails() {
    let world = world().await;
    world
        .keys
        .fail(Some(ProofKeyError::Failed("the hardware is busy".to_owned())));
    let session = world.session_with(required(&world));
    let error = begins(&session).await.unwrap_err();
    assert!(
        matches!(&error, SessionError::CheckStorage { .. }) && error.to_string().contains("the hardware is busy"),
        "{error:?}"
    );
    let session = world.session_named(binding(&world, TokenBinding::WhenOffered), "wanted");
    world.sign_in(&session, ADA).await;
    assert_eq!(session.bound_key(), None);
}

/// Its refresh token is not bound, so the key is not needed.
#[tokio::test]
async fn a_session_with_bearer_tokens_lives_without_its_key() {
    let world = World::new().await;
    let session = world.session_with(binding(&world, TokenBinding::WhenOffered));
    world.sign_in(&session, ADA).await;
    world.keys.fail(Some(ProofKeyError::Lost));
    assert_renews(&session).await;
    assert!(is_signed_in(&session));
    assert_eq!(world.control().seen(Endpoint::Token), 2);
}
