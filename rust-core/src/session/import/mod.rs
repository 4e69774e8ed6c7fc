//! Moving in: another library's session becomes this one, once, without a new sign-in.
//!
//! **Order.** The old items are read, the session is written in one step, then it is published; the old items stay until
//! [`SessionManager::discard_imported_session`]. A kill before the write leaves everything as it was; one after it
//! leaves a session like any other.
//!
//! **Once.** The old items outlive a sign-out, and must not bring back who has signed out. The stored session says that
//! it was imported, in the same write; and before such a session is left, by a sign-out or for a new sign-in, an item
//! of its own is written that says so from then on (`close_import`). It holds nothing else. The same is done when an
//! import was tried in this process and a user then signs in or out.

mod source;
mod user;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::{SessionManager, Shared};
use crate::jose;
use crate::machine::error::Error;
use crate::model::credentials::Credentials;
use crate::model::profile::Profile;
use crate::model::secret::{Fingerprint, Secret, SecretBytes};
use crate::model::secret_members::SecretMembers;
use crate::model::time::Timestamp;
use crate::ports::{ForeignItem, LogLevel, StoreError};
use crate::storage::envelope::{CURRENT_VERSION, StoredItem, StoredSession};
use crate::storage::migration::{ForeignSession, ImportProblem, lock, read_archive, read_text};

pub use source::{ImportOutcome, ImportSource};
use user::User;

/// What is added to an item's name for the item that says that importing is over.
const CLOSED_SUFFIX: &str = "|imported";
/// How long an imported access token counts as having lived at least: only its end is known.
const ASSUMED_LIFETIME_SECONDS: i64 = 24 * 3600;

/// How far importing has come in this process.
#[derive(Debug, Default)]
pub(super) struct Importing {
    /// Something was found, or might have been.
    was_tried: AtomicBool,
    /// The store says that it is over.
    is_closed: AtomicBool,
    /// Tokens that were renewed to learn whose they are, until they are stored.
    in_hand: Mutex<Option<InHand>>,
}

/// What a renewal before the import brought.
#[derive(Debug)]
struct InHand {
    /// The old items' refresh token, which must not be presented again.
    spent: Secret,
    renewed: ForeignSession,
}

/// What another library's items hold.
enum Found {
    Nothing,
    Session(Box<ForeignSession>),
    Problem(ImportProblem),
}

impl SessionManager {
    /// Takes over the session that another library stored, if this one has none and never had (see the module). Reads
    /// and writes the store. Network only where neither an ID token nor a profile says whose session it is: then the
    /// userinfo endpoint is asked, after a renewal where the access token is not good any more. What is imported is
    /// renewed at its first use.
    ///
    /// # Errors
    /// [`Error::Store`] when the device is locked or a store fails; [`Error::Envelope`] when a newer release's session is
    /// in the way; [`Error::ReadOnly`], [`Error::Busy`]; where the network is used, what its answers say. Nothing was
    /// changed then: try again. What is found and cannot be taken over is an outcome, not an error.
    pub async fn import_session(&self, source: ImportSource) -> Result<ImportOutcome, Error> {
        let shared = &self.shared;
        shared.ensure_writable()?;
        // Neither two of them at once, nor one beside the end of a sign-in.
        let _only = shared.completing.lock().await;
        let outcome = shared.import(&source).await;
        match &outcome {
            Ok(ImportOutcome::Imported { .. }) => shared.log(LogLevel::Info, "import: done"),
            Ok(ImportOutcome::Unreadable { problem }) => shared.log(LogLevel::Warning, &format!("import: {problem}")),
            Ok(_) => shared.log(LogLevel::Debug, "import: nothing to do"),
            Err(error) => shared.log(LogLevel::Warning, &format!("import: {error}")),
        }
        outcome
    }

    /// Deletes what the other library stored; true when that was done. False, and nothing is deleted, while there is no
    /// session here and there never was one since an import was tried: then the old item may be all that the user has.
    ///
    /// # Errors
    /// [`Error::Store`], [`Error::ReadOnly`]; [`Error::Argument`] for a source that the app reads itself.
    pub async fn discard_imported_session(&self, source: ImportSource) -> Result<bool, Error> {
        let shared = &self.shared;
        shared.ensure_writable()?;
        let items = source.items();
        if items.is_empty() {
            return Err(Error::Argument {
                name: "source",
                problem: "is kept by the app itself, which has to delete it".to_owned(),
            });
        }
        let _only = shared.completing.lock().await;
        shared.ensure_known().await?;
        if !shared.current.holds_session() && !shared.import_is_closed().await? {
            return Ok(false);
        }
        for item in &items {
            shared.dependencies.foreign_items.delete(item).await?;
        }
        shared.log(LogLevel::Info, "import: the old items are deleted");
        Ok(true)
    }
}

impl Shared {
    async fn import(&self, source: &ImportSource) -> Result<ImportOutcome, Error> {
        self.ensure_known().await?;
        let _turn = self.take_process_lock().await?;
        self.merge_if_shared().await?;
        let was_tried = self.importing.was_tried.swap(true, Ordering::SeqCst);
        if self.current.holds_session() {
            return Ok(ImportOutcome::SessionExists);
        }
        if self.import_is_closed().await? {
            return Ok(ImportOutcome::Closed);
        }
        let unreadable = |problem| Ok(ImportOutcome::Unreadable { problem });
        let found = match self.find(source).await? {
            Found::Session(found) => self.renewed_before(&found).unwrap_or(*found),
            Found::Problem(problem) => return unreadable(problem),
            Found::Nothing => {
                self.importing.was_tried.store(was_tried, Ordering::SeqCst);
                return Ok(ImportOutcome::NothingFound);
            }
        };
        match self.whose(found).await? {
            Ok((found, user)) => self.move_in(found, user).await,
            Err(problem) => unreadable(problem),
        }
    }

    /// Knows what is stored.
    async fn ensure_known(&self) -> Result<(), Error> {
        self.ensure_restored().await?;
        if self.current.needs_restore() {
            return Err(StoreError::Locked.into());
        }
        Ok(())
    }

    async fn find(&self, source: &ImportSource) -> Result<Found, Error> {
        let read = match source {
            ImportSource::KeychainArchive { item } => match self.dependencies.foreign_items.read(item).await? {
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
            Ok(found) if found.holds_no_token() => Found::Nothing,
            Ok(found) => match self.refusal(&found) {
                Some(problem) => Found::Problem(problem),
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
            let item = ForeignItem {
                service: service.to_owned(),
                account: account.to_owned(),
                access_group: access_group.map(str::to_owned),
            };
            self.dependencies.foreign_items.read(&item).await
        };
        let (access, refresh) = (read(lock::ACCESS_TOKEN).await?, read(lock::REFRESH_TOKEN).await?);
        let (id, profile) = (read(lock::ID_TOKEN).await?, read(lock::PROFILE).await?);
        let token = |bytes: Option<SecretBytes>| bytes.as_ref().map_or(Ok(None), read_text);
        let tokens = || {
            Ok(ForeignSession {
                access_token: token(access)?,
                refresh_token: token(refresh)?,
                id_token: token(id)?,
                profile: profile.as_ref().and_then(lock::read_profile),
                ..ForeignSession::default()
            })
        };
        Ok(tokens())
    }

    /// Why these tokens are not to be used here, as far as they themselves tell.
    fn refusal(&self, found: &ForeignSession) -> Option<ImportProblem> {
        let is_other = |client_id: &String| *client_id != self.configuration.client_id;
        if found.client_id.as_ref().is_some_and(is_other) {
            return Some(ImportProblem::OtherClient);
        }
        let now = self.now().wall;
        let id_token_ends = found.id_token.as_ref().and_then(jose::lifetime).map(|(_, end)| end);
        // An older tenant renews an ID token by itself, while it is good.
        let lives_by_id_token = self.configuration.legacy && id_token_ends.is_some_and(|end| end > now);
        let is_usable = found.refresh_token.is_some() || found.has_good_access_token(now) || lives_by_id_token;
        (!is_usable).then_some(ImportProblem::NothingUsable)
    }

    /// Writes the session, then shows it.
    async fn move_in(&self, found: ForeignSession, user: User) -> Result<ImportOutcome, Error> {
        self.save().await?;
        let session = self.session_of(found, user)?;
        let item = StoredItem::Session(Box::new(session.clone()));
        let Ok(bytes) = item.encode() else {
            let problem = ImportProblem::TooLarge;
            return Ok(ImportOutcome::Unreadable { problem });
        };
        if !self.put(session, bytes).await? {
            self.merge_if_shared().await?;
            return Ok(ImportOutcome::SessionExists);
        }
        *self.in_hand() = None;
        let state = self.current.state(self.now()).ok_or(Error::NoSession)?;
        Ok(ImportOutcome::Imported { state })
    }

    /// Stores the session and then shows it; false where there is one. Runs to its end, also when nobody waits for it any
    /// more, as every write does.
    async fn put(&self, session: StoredSession, bytes: SecretBytes) -> Result<bool, Error> {
        let put = async move |shared: Arc<Self>| shared.put_in_turn(session, bytes).await;
        self.run_to_end(put).await
    }

    async fn put_in_turn(&self, session: StoredSession, bytes: SecretBytes) -> Result<bool, Error> {
        let _turn = self.saving.lock().await;
        let (found, seen) = self.read_item().await?;
        // Another process's session, or a newer release's: neither is written over.
        let found = found.map(|bytes| StoredItem::decode(&bytes)).transpose()?;
        if found.and_then(StoredItem::into_session).is_some() {
            return Ok(false);
        }
        let written = Fingerprint::of(&bytes);
        if !self.swap_item(seen, Some(bytes)).await? {
            return Err(Error::Busy);
        }
        self.current.imported(session, written);
        self.current.publish(self.now());
        self.close_import().await;
        Ok(true)
    }

    fn session_of(&self, found: ForeignSession, user: User) -> Result<StoredSession, Error> {
        let now = self.now().wall;
        let expires_at = found.expires_at.unwrap_or(now);
        let lifetime = expires_at.seconds_since(now).max(ASSUMED_LIFETIME_SECONDS);
        let (mut received_at, mut lifetime) = (expires_at.plus(-lifetime), lifetime);
        // Lock's says no times but the ID token's own, and older tenants renew it by delegation alone.
        let times = found.id_token.as_ref().and_then(jose::lifetime);
        let times = times.filter(|_| self.configuration.legacy && found.expires_at.is_none());
        let lives_by_id_token = times.is_some();
        if let Some((issued_at, expires_at)) = times {
            (received_at, lifetime) = (issued_at, expires_at.seconds_since(issued_at));
        }
        let profile = found
            .profile
            // Nobody knows how old it is.
            .and_then(|claims| Profile::from_claims(claims.0, Timestamp(0)))
            // OpenID Connect Core 5.3.2.
            .filter(|profile| profile.subject == user.subject);
        Ok(StoredSession {
            version: CURRENT_VERSION,
            issuer: user.issuer,
            client_id: self.configuration.client_id.clone(),
            subject: user.subject,
            credentials: Credentials {
                access_token: found.access_token,
                refresh_token: found.refresh_token,
                id_token: found.id_token,
                scope: found.scope,
                received_at,
                lifetime_seconds: Credentials::lifetime_for(u64::try_from(lifetime).ok()),
                lives_by_id_token,
                unchecked: false,
            },
            sign_in_id: Some(self.random()?),
            nonce: user.nonce,
            authenticated_at: user.authenticated_at,
            profile,
            ended: None,
            sequence: 0,
            audience_tokens: Vec::new(),
            pending_updates: Vec::new(),
            resources: Vec::new(),
            imported: true,
            unknown: SecretMembers::default(),
        })
    }

    async fn import_is_closed(&self) -> Result<bool, Error> {
        let closed = &self.importing.is_closed;
        if !closed.load(Ordering::SeqCst) {
            let says_so = self.dependencies.store.read(&self.closed_name()).await?.is_some();
            closed.store(says_so, Ordering::SeqCst);
        }
        Ok(closed.load(Ordering::SeqCst))
    }

    /// Remembers that there is nothing to import any more, if there ever was: before an imported session is left, and
    /// when a user signs in or out after an import was tried. What fails is logged and tried again the next time.
    pub(super) async fn close_import(&self) {
        let is_due = self.importing.was_tried.load(Ordering::SeqCst) || self.current.is_imported();
        if !is_due || self.importing.is_closed.load(Ordering::SeqCst) {
            return;
        }
        let note = SecretBytes::new(br#"{"version":1,"import":"closed"}"#.to_vec());
        match self.dependencies.store.write(&self.closed_name(), note).await {
            Ok(()) => self.importing.is_closed.store(true, Ordering::SeqCst),
            Err(error) => self.log(
                LogLevel::Warning,
                &format!("import: that it is over could not be stored: {error}"),
            ),
        }
    }

    fn closed_name(&self) -> String {
        format!("{}{CLOSED_SUFFIX}", self.item_name)
    }

    /// What an earlier attempt of the same import has renewed.
    fn renewed_before(&self, found: &ForeignSession) -> Option<ForeignSession> {
        let in_hand = self.in_hand();
        let same = in_hand
            .as_ref()
            .filter(|held| found.refresh_token.as_ref() == Some(&held.spent))?;
        Some(same.renewed.clone())
    }

    fn in_hand(&self) -> std::sync::MutexGuard<'_, Option<InHand>> {
        self.importing.in_hand.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ForeignSession {
    fn holds_no_token(&self) -> bool {
        self.access_token.is_none() && self.refresh_token.is_none() && self.id_token.is_none()
    }

    fn has_good_access_token(&self, now: Timestamp) -> bool {
        self.access_token.is_some() && self.expires_at.is_some_and(|end| end > now)
    }
}
