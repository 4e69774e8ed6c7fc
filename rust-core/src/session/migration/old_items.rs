//! Reads the items of another library.
//!
//! **Promises.** Nothing is changed there except that items are deleted when the app requests it. **Needs** the
//! context, and the port to the items of other libraries.

use std::sync::Arc;

use super::super::context::Context;
use super::source::ImportSource;
use crate::jose;
use crate::machine::error::Error;
use crate::model::secret::{Secret, SecretBytes};
use crate::model::time::Timestamp;
use crate::ports::{KeychainItemReference, KeychainItems, ProofKeyError, ProofKeys, StoreError};
use crate::storage::migration::{ForeignSession, ImportProblem, credentials_manager, lock, read_archive, read_text};

#[derive(Debug)]
pub(in crate::session) struct OldItems {
    context: Arc<Context>,
    items: Arc<dyn KeychainItems>,
    keys: Arc<dyn ProofKeys>,
}

pub(super) enum Found {
    Nothing,
    Session(Box<ForeignSession>),
    Problem(ImportProblem),
}

impl OldItems {
    pub(in crate::session) fn new(
        context: Arc<Context>,
        items: Arc<dyn KeychainItems>,
        keys: Arc<dyn ProofKeys>,
    ) -> Self {
        Self { context, items, keys }
    }

    pub(super) async fn delete(&self, item: &KeychainItemReference) -> Result<(), StoreError> {
        self.items.delete(item).await
    }

    /// The item with the key that the tokens in this source's archive are bound to. The imported session has its
    /// handle.
    pub(super) async fn key_item(&self, source: &ImportSource) -> Result<Option<KeychainItemReference>, StoreError> {
        let ImportSource::KeychainArchive { item } = source else {
            return Ok(None);
        };
        let archive = self.items.read(item).await?;
        let is_bound = archive.is_some_and(|bytes| read_archive(&bytes).is_ok_and(|found| found.is_bound));
        Ok(is_bound.then(|| key_beside(item)))
    }

    /// Adds the key that the tokens are bound to.
    async fn with_key(&self, mut found: ForeignSession, source: &ImportSource) -> Result<Found, Error> {
        let none = Ok(Found::Problem(ImportProblem::SenderConstrained));
        let ImportSource::KeychainArchive { item } = source else {
            return none;
        };
        let Some(handle) = self.items.read(&key_beside(item)).await? else {
            return none;
        };
        match self.keys.find(handle).await {
            Ok(key) => {
                found.proof_key = Some(key);
                Ok(Found::Session(Box::new(found)))
            }
            Err(ProofKeyError::Lost) => none,
            Err(error) => Err(error.into()),
        }
    }

    pub(super) async fn find(&self, source: &ImportSource) -> Result<Found, Error> {
        let read = match source {
            ImportSource::KeychainArchive { item } => match self.items.read(item).await? {
                Some(bytes) => read_archive(&bytes),
                None => return Ok(Found::Nothing),
            },
            ImportSource::ArchivedBytes { bytes } => read_archive(&SecretBytes::new(bytes.clone())),
            ImportSource::KeychainStrings { service, access_group } => {
                self.read_strings(service, access_group.as_deref()).await?
            }
            ImportSource::TokenValues {
                access_token,
                refresh_token,
                id_token,
                profile_archive,
            } => {
                let token = |text: &Option<String>| {
                    let text = text.as_deref().filter(|text| !text.trim().is_empty());
                    text.map(Secret::new)
                };
                let archive = profile_archive.clone().map(SecretBytes::new);
                Ok(ForeignSession {
                    access_token: token(access_token),
                    refresh_token: token(refresh_token),
                    id_token: token(id_token),
                    profile: archive.as_ref().and_then(lock::read_profile),
                    ..ForeignSession::default()
                })
            }
        };
        Ok(match read {
            Err(problem) => Found::Problem(problem),
            Ok(found) if holds_no_token(&found) => Found::Nothing,
            Ok(found) => match self.refusal(&found) {
                Some(problem) => Found::Problem(problem),
                None if found.is_bound => return self.with_key(found, source).await,
                None => Found::Session(Box::new(found)),
            },
        })
    }

    async fn read_strings(
        &self,
        service: &str,
        access_group: Option<&str>,
    ) -> Result<Result<ForeignSession, ImportProblem>, Error> {
        let read = async |account: &str| {
            let item = KeychainItemReference {
                service: service.to_owned(),
                account: account.to_owned(),
                access_group: access_group.map(str::to_owned),
            };
            self.items.read(&item).await
        };
        let (access, refresh) = (read(lock::ACCESS_TOKEN).await?, read(lock::REFRESH_TOKEN).await?);
        let (id, profile) = (read(lock::ID_TOKEN).await?, read(lock::PROFILE).await?);
        let token = |bytes: Option<SecretBytes>| bytes.as_ref().map_or(Ok(None), read_text);
        let (access, refresh, id) = (token(access), token(refresh), token(id));
        let problem = access.as_ref().err().or(id.as_ref().err()).copied();
        let tokens = |refresh_token| ForeignSession {
            access_token: access.unwrap_or_default(),
            refresh_token,
            id_token: id.unwrap_or_default(),
            profile: profile.as_ref().and_then(lock::read_profile),
            ..ForeignSession::default()
        };
        // The other tokens make a session without an access or ID token that cannot be read.
        Ok(match (refresh.map(tokens), problem) {
            (Ok(found), Some(problem)) if holds_no_token(&found) => Err(problem),
            (found, _) => found,
        })
    }

    /// Why these tokens cannot be used here, as far as their own content shows.
    fn refusal(&self, found: &ForeignSession) -> Option<ImportProblem> {
        let configuration = self.context.configuration();
        let is_other = |client_id: &String| *client_id != configuration.client_id;
        if found.client_id.as_ref().is_some_and(is_other) {
            return Some(ImportProblem::OtherClient);
        }
        let now = self.context.now().wall;
        let id_token_ends = found.id_token.as_ref().and_then(jose::lifetime).map(|(_, end)| end);
        // An older tenant renews an ID token with that token itself, while it is valid.
        let lives_by_id_token = configuration.legacy && id_token_ends.is_some_and(|end| end > now);
        let is_usable = found.refresh_token.is_some() || has_good_access_token(found, now) || lives_by_id_token;
        (!is_usable).then_some(ImportProblem::NothingUsable)
    }
}

/// Where Auth0.swift keeps the key, next to its `CredentialsManager`'s item.
fn key_beside(item: &KeychainItemReference) -> KeychainItemReference {
    KeychainItemReference {
        account: credentials_manager::PROOF_KEY_ACCOUNT.to_owned(),
        ..item.clone()
    }
}

fn holds_no_token(found: &ForeignSession) -> bool {
    found.access_token.is_none() && found.refresh_token.is_none() && found.id_token.is_none()
}

fn has_good_access_token(found: &ForeignSession, now: Timestamp) -> bool {
    found.access_token.is_some() && found.expires_at.is_some_and(|end| end > now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::secret::Secret;

    #[test]
    fn an_access_token_is_good_until_its_end() {
        let now = Timestamp(1_700_000_000);
        let found = |token: Option<&str>, ends_in: Option<i64>| ForeignSession {
            access_token: token.map(Secret::new),
            expires_at: ends_in.map(|seconds| now.plus(seconds)),
            ..ForeignSession::default()
        };
        for (token, ends_in, is_good) in [
            (Some("a"), Some(1), true),
            (Some("a"), Some(0), false),
            (Some("a"), Some(-1), false),
            (Some("a"), None, false),
            (None, Some(1), false),
        ] {
            assert_eq!(
                has_good_access_token(&found(token, ends_in), now),
                is_good,
                "{token:?} {ends_in:?}"
            );
        }
    }
}
