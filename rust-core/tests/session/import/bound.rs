//! Sessions of Auth0.swift that are bound to a key (DPoP): the key is found beside them, and is used further.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pilotlight_core::ffi::SessionError;
use pilotlight_core::model::time::Timestamp;
use pilotlight_core::ports::{ProofKeyError, StoreError};
use pilotlight_core::session::{ImportOutcome, ImportSource};
use pilotlight_core::storage::migration::ImportProblem;
use pilotlight_identity_server::Dpop;

use super::{OldTokens, SERVICE, archives, assert_imported, credentials_manager, old_tokens_of};
use crate::dpop;
use crate::world::{World, assert_renews, forced, public};

const KEY: &str = "com.auth0.sdk.dpop.privateKey";

/// Ada has signed in with Auth0.swift, whose tokens are bound. Also returns the key's thumbprint.
async fn old_session() -> (World, OldTokens, String) {
    let world = dpop::world().await;
    let session = dpop::bound(&world).await;
    let thumbprint = session.bound_key().unwrap().0;
    let stored = dpop::stored_credentials(&world);
    let handle = stored["proof_key"]["handle"].as_str().unwrap();
    let handle = URL_SAFE_NO_PAD.decode(handle).unwrap();
    drop(session);
    let tokens = old_tokens_of(&world);
    let archive = archives::credentials_of_type(&tokens, "DPoP");
    world.foreign.put(SERVICE, "credentials", &archive);
    world.foreign.put(SERVICE, KEY, &handle);
    (world, tokens, thumbprint)
}

#[tokio::test]
async fn it_is_imported_with_its_key_and_renewed_whatever_the_configuration_says() {
    let (world, _, thumbprint) = old_session().await;
    world.control().change(|settings| settings.dpop = Dpop::Required);
    let session = world.session();
    assert_imported(&session.import_session(credentials_manager()).await.unwrap());
    assert_eq!(session.bound_key().unwrap().0, thumbprint);
    session.profile(true).await.unwrap();
    assert_renews(&session).await;
    assert_eq!(session.bound_key().unwrap().0, thumbprint);
    assert_eq!(world.control().counters().dead_refresh_tokens_presented, 0);
    assert!(session.discard_imported_session(credentials_manager()).await.unwrap());
    assert!(world.foreign.left().is_empty(), "{:?}", world.foreign.left());
    assert_renews(&session).await;
}

/// The issuer names the session's user, and requires proofs for that too.
#[tokio::test]
async fn without_an_id_token_the_issuer_is_asked_with_proofs() {
    for expires_at in [Timestamp(1_500_000_000), Timestamp(i64::from(u32::MAX))] {
        let (world, tokens, thumbprint) = old_session().await;
        let tokens = OldTokens {
            id_token: String::new(),
            expires_at,
            ..tokens
        };
        let archive = archives::credentials_of_type(&tokens, "DPoP");
        world.foreign.put(SERVICE, "credentials", &archive);
        let session = world.session();
        assert_imported(&session.import_session(credentials_manager()).await.unwrap());
        assert_eq!(session.bound_key().unwrap().0, thumbprint);
        assert_renews(&session).await;
    }
}

#[tokio::test]
async fn without_a_key_that_can_be_used_it_is_left_as_it_is() {
    let unusable = ImportOutcome::Unreadable {
        problem: ImportProblem::SenderConstrained,
    };
    let (world, tokens, _) = old_session().await;
    let session = world.session();
    let bytes = archives::credentials_of_type(&tokens, "DPoP");
    let by_hand = ImportSource::ArchivedBytes { bytes };
    assert_eq!(session.import_session(by_hand).await.unwrap(), unusable);
    world.keys.fail(Some(ProofKeyError::Lost));
    assert_eq!(session.import_session(credentials_manager()).await.unwrap(), unusable);
    world.keys.fail(Some(ProofKeyError::Locked));
    let error = public(session.import_session(credentials_manager()).await);
    assert!(matches!(error, SessionError::WaitForUnlock { .. }), "{error:?}");
    world.keys.fail(None);
    world.foreign.fail(Some(StoreError::Locked));
    let error = public(session.import_session(credentials_manager()).await);
    assert!(matches!(error, SessionError::WaitForUnlock { .. }), "{error:?}");
    world.foreign.fail(None);
    world.foreign.remove(SERVICE, KEY);
    assert_eq!(session.import_session(credentials_manager()).await.unwrap(), unusable);
    assert_eq!(world.refresh_grants(), 0);
    assert!(world.stored().is_none());
    public(session.access_token(forced()).await);
}
