//! Migration: the stored data of other libraries becomes a session, once; nothing is lost, and nothing comes back.

mod age;
mod archives;
mod bound;
mod interrupted;
mod migration;
mod once;
mod reading;
mod users;

use std::collections::BTreeMap;
use std::sync::Mutex;

use pilotlight_core::model::secret::SecretBytes;
use pilotlight_core::model::time::Timestamp;
use pilotlight_core::ports::{BoxFuture, KeychainItemReference, KeychainItems, StoreError};
use pilotlight_core::session::{ImportOutcome, ImportSource};

use crate::world::World;

pub(crate) const SERVICE: &str = "com.example.app";

/// The Keychain as other libraries left it.
#[derive(Debug, Default)]
pub(crate) struct ForeignKeychainScript {
    items: Mutex<BTreeMap<(String, String), Vec<u8>>>,
    failure: Mutex<Option<StoreError>>,
}

impl ForeignKeychainScript {
    pub(crate) fn put(&self, service: &str, account: &str, bytes: &[u8]) {
        let key = (service.to_owned(), account.to_owned());
        self.items.lock().unwrap().insert(key, bytes.to_vec());
    }

    /// `service/account` of all items.
    pub(crate) fn left(&self) -> Vec<String> {
        let items = self.items.lock().unwrap();
        items
            .keys()
            .map(|(service, account)| format!("{service}/{account}"))
            .collect()
    }

    pub(crate) fn remove(&self, service: &str, account: &str) {
        let key = (service.to_owned(), account.to_owned());
        self.items.lock().unwrap().remove(&key);
    }

    pub(crate) fn fail(&self, failure: Option<StoreError>) {
        *self.failure.lock().unwrap() = failure;
    }

    fn answer<T>(&self, answer: impl FnOnce(&mut BTreeMap<(String, String), Vec<u8>>) -> T) -> Result<T, StoreError> {
        match self.failure.lock().unwrap().clone() {
            Some(failure) => Err(failure),
            None => Ok(answer(&mut self.items.lock().unwrap())),
        }
    }
}

impl KeychainItems for ForeignKeychainScript {
    fn read<'a>(&'a self, item: &'a KeychainItemReference) -> BoxFuture<'a, Result<Option<SecretBytes>, StoreError>> {
        let key = (item.service.clone(), item.account.clone());
        Box::pin(async move { self.answer(|items| items.get(&key).cloned().map(SecretBytes::new)) })
    }

    fn delete<'a>(&'a self, item: &'a KeychainItemReference) -> BoxFuture<'a, Result<(), StoreError>> {
        let key = (item.service.clone(), item.account.clone());
        Box::pin(async move { self.answer(|items| drop(items.remove(&key))) })
    }
}

/// The tokens of a user who signed in with another library.
#[derive(Clone)]
pub(crate) struct OldTokens {
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
    pub(crate) id_token: String,
    pub(crate) expires_at: Timestamp,
}

/// Ada has signed in with another library; Pilotlight has never run.
pub(crate) async fn old_tokens(world: &World) -> OldTokens {
    drop(world.signed_in().await);
    old_tokens_of(world)
}

/// Takes the tokens of the stored session, which is removed.
pub(crate) fn old_tokens_of(world: &World) -> OldTokens {
    let credentials = world.stored().unwrap()["credentials"].clone();
    world.store.clear();
    let text = |name: &str| credentials[name].as_str().unwrap().to_owned();
    OldTokens {
        access_token: text("access_token"),
        refresh_token: text("refresh_token"),
        id_token: text("id_token"),
        expires_at: Timestamp(
            credentials["received_at"].as_i64().unwrap() + credentials["lifetime_seconds"].as_i64().unwrap(),
        ),
    }
}

/// The same, stored by Auth0.swift's `CredentialsManager`.
pub(crate) async fn world_with_credentials_manager() -> (World, OldTokens) {
    let world = World::new().await;
    let tokens = old_tokens(&world).await;
    keep_with_credentials_manager(&world, &tokens);
    (world, tokens)
}

pub(crate) fn keep_with_credentials_manager(world: &World, tokens: &OldTokens) {
    world
        .foreign
        .put(SERVICE, "credentials", &archives::credentials(tokens));
}

pub(crate) fn credentials_manager() -> ImportSource {
    ImportSource::KeychainArchive {
        item: KeychainItemReference {
            service: SERVICE.to_owned(),
            account: "credentials".to_owned(),
            access_group: None,
        },
    }
}

pub(crate) fn lock() -> ImportSource {
    ImportSource::KeychainStrings {
        service: "Auth0".to_owned(),
        access_group: None,
    }
}

pub(crate) fn assert_imported(outcome: &ImportOutcome) {
    assert!(matches!(outcome, ImportOutcome::Imported { .. }), "{outcome:?}");
}

/// The user of [`old_tokens`].
pub(crate) const SUBJECT: &str = "auth0|ada";
