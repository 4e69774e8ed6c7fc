//! The import of another library's session.
//!
//! **Promises** and **needs**: see the parent module.

use std::sync::Arc;

use super::super::context::Context;
use super::super::import_record::ImportRecord;
use super::super::issuer::{Issuer, Verifier};
use super::super::revocations::Revocations;
use super::super::sign_in::pending::PendingSignIn;
use super::super::store::SessionStore;
use super::old_items::{Found, OldItems};
use super::source::{ImportOutcome, ImportSource};
use super::user::{User, UserLookup};
use crate::jose;
use crate::machine::error::Error;
use crate::machine::input::SignedOut;
use crate::machine::{Generation, Machine, Stored};
use crate::model::credentials::Credentials;
use crate::model::lifetime::Lifetime;
use crate::model::profile::Profile;
use crate::model::secret_members::SecretMembers;
use crate::model::time::Timestamp;
use crate::ports::LogLevel;
use crate::storage::envelope::{CURRENT_VERSION, StoredItem, StoredSession};
use crate::storage::migration::{ForeignSession, ImportProblem};

/// The minimum assumed lifetime of an imported access token: only its expiry is known.
const ASSUMED_LIFETIME_SECONDS: i64 = 24 * 3600;

#[derive(Debug)]
pub(in crate::session) struct Importer {
    context: Arc<Context>,
    store: Arc<SessionStore>,
    revocations: Arc<Revocations>,
    pending_sign_in: Arc<PendingSignIn>,
    record: Arc<ImportRecord>,
    old_items: OldItems,
    users: UserLookup,
    issuer: Arc<Issuer>,
}

impl Importer {
    #[expect(clippy::too_many_arguments, reason = "it needs that many parts")]
    pub(in crate::session) fn new(
        context: Arc<Context>,
        store: Arc<SessionStore>,
        issuer: Arc<Issuer>,
        verifier: Arc<Verifier>,
        revocations: Arc<Revocations>,
        pending_sign_in: Arc<PendingSignIn>,
        record: Arc<ImportRecord>,
        old_items: OldItems,
    ) -> Arc<Self> {
        Arc::new(Self {
            old_items,
            users: UserLookup::new(Arc::clone(&context), Arc::clone(&store), Arc::clone(&issuer), verifier),
            context,
            store,
            revocations,
            pending_sign_in,
            record,
            issuer,
        })
    }

    /// Runs to its end even if nobody waits for it any more: a refresh token that it renews would be lost.
    pub(in crate::session) async fn import(self: &Arc<Self>, source: ImportSource) -> Result<ImportOutcome, Error> {
        self.store.ensure_writable()?;
        self.record.note_try();
        let importer = Arc::clone(self);
        let import = async move {
            // Only one import at a time, and not during the completion of a sign-in.
            let _only = importer.pending_sign_in.completion_turn().await;
            let outcome = importer.import_in_turn(&source).await;
            importer.log(&outcome);
            outcome
        };
        self.context.run_to_end(import).await
    }

    fn log(&self, outcome: &Result<ImportOutcome, Error>) {
        let log = |level, message: &str| self.context.log(level, message);
        match outcome {
            Ok(ImportOutcome::Imported { .. }) => log(LogLevel::Info, "import: done"),
            Ok(ImportOutcome::Unreadable { problem }) => log(LogLevel::Warning, &format!("import: {problem}")),
            Ok(_) => log(LogLevel::Debug, "import: nothing to do"),
            Err(error) => log(LogLevel::Warning, &format!("import: {error}")),
        }
    }

    pub(in crate::session) async fn discard(&self, source: &ImportSource) -> Result<bool, Error> {
        self.store.ensure_writable()?;
        let items = source.items();
        if items.is_empty() {
            return Err(Error::Argument {
                name: "source",
                problem: "is kept by the app itself, which has to delete it".to_owned(),
            });
        }
        let _only = self.pending_sign_in.completion_turn().await;
        self.store.ensure_known().await?;
        if !self.holds_session() && !self.record.is_closed().await? {
            return Ok(false);
        }
        let key = self.old_items.key_item(source).await?;
        for item in key.iter().chain(&items) {
            self.old_items.delete(item).await?;
        }
        self.context.log(LogLevel::Info, "import: the old items are deleted");
        Ok(true)
    }

    async fn import_in_turn(&self, source: &ImportSource) -> Result<ImportOutcome, Error> {
        self.store.ensure_known().await?;
        let _turn = self.store.take_process_lock().await?;
        self.store.merge_if_shared().await?;
        let asked = self.context.read(Machine::generation);
        if self.holds_session() {
            return Ok(ImportOutcome::SessionExists);
        }
        if self.record.is_closed().await? {
            return Ok(self.end().await);
        }
        let unreadable = |problem| Ok(ImportOutcome::Unreadable { problem });
        let mut found = match self.old_items.find(source).await? {
            Found::Session(found) => found,
            Found::Problem(problem) => return unreadable(problem),
            Found::Nothing => {
                self.record.take_back_try();
                return Ok(ImportOutcome::NothingFound);
            }
        };
        self.users.take_renewed(&mut found);
        let user = self.users.find(&mut found, asked).await;
        if self.context.read(Machine::generation) != asked {
            return Ok(self.give_way());
        }
        match user? {
            Ok(user) => self.store_and_show(found, user, asked).await,
            Err(problem) => unreadable(problem),
        }
    }

    /// The user has signed in or out since the import began, which is newer. What the import brought is revoked.
    fn give_way(&self) -> ImportOutcome {
        self.revocations.send_in_background();
        if self.holds_session() {
            ImportOutcome::SessionExists
        } else {
            ImportOutcome::Closed
        }
    }

    /// There is nothing to import any more. Tokens that an import renewed are revoked, as after a sign-out.
    async fn end(&self) -> ImportOutcome {
        let is_unfinished = |machine: &Machine| Stored::of(machine).renewed_import().is_some();
        if self.context.read(is_unfinished) {
            let at = self.context.now().wall;
            self.context.apply(SignedOut { at });
            self.store.save_if_possible().await;
        }
        self.give_way()
    }

    /// Writes the session, then publishes it.
    async fn store_and_show(
        &self,
        found: Box<ForeignSession>,
        user: User,
        asked: Generation,
    ) -> Result<ImportOutcome, Error> {
        self.store.save().await?;
        let session = self.session(*found, user)?;
        let item = StoredItem::Session(Box::new(session.clone()));
        let Ok(bytes) = item.encode() else {
            let problem = ImportProblem::TooLarge;
            return Ok(ImportOutcome::Unreadable { problem });
        };
        // Another process may have closed it.
        if self.record.is_closed().await? {
            return Ok(self.end().await);
        }
        let inserted = self.store.insert(asked, session, bytes).await?;
        if inserted {
            self.context.publish();
            self.record.close().await;
        }
        if inserted && self.holds_session() {
            // Those of another user, who has signed out. The imported session does not wait for them.
            self.revocations.send_in_background();
            let state = self.context.state().ok_or(Error::NoSession)?;
            return Ok(ImportOutcome::Imported { state });
        }
        if inserted || self.context.read(Machine::generation) != asked {
            return Ok(self.give_way());
        }
        self.store.merge_if_shared().await?;
        Ok(ImportOutcome::SessionExists)
    }

    fn session(&self, found: ForeignSession, user: User) -> Result<StoredSession, Error> {
        let configuration = self.context.configuration();
        let now = self.context.now().wall;
        let expires_at = found.expires_at.unwrap_or(now);
        let lifetime = expires_at.seconds_since(now).max(ASSUMED_LIFETIME_SECONDS);
        let (mut received_at, mut lifetime) = (expires_at.plus(-lifetime), lifetime);
        let times = found.id_token.as_ref().and_then(jose::lifetime);
        let began_at = user.authenticated_at.or(times.map(|(issued_at, _)| issued_at));
        // Lock stores no times besides those in the ID token, and older tenants renew that by delegation only.
        let times = times.filter(|_| configuration.legacy && found.expires_at.is_none());
        let lives_by_id_token = times.is_some();
        if let Some((issued_at, expires_at)) = times {
            (received_at, lifetime) = (issued_at, expires_at.seconds_since(issued_at));
        }
        let others = |machine: &Machine| Stored::of(machine).revocations_of_others(&user.subject);
        let revocations = self.context.read(others);
        let profile = found
            .profile
            // Its age is not known.
            .and_then(|claims| Profile::from_claims(claims.0, Timestamp(0)))
            // OpenID Connect Core 5.3.2.
            .filter(|profile| profile.subject == user.subject)
            .map(Arc::new);
        Ok(StoredSession {
            version: CURRENT_VERSION,
            issuer: user.issuer,
            client_id: configuration.client_id.clone(),
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
                is_bound: found.is_bound,
                proof_key: found.proof_key,
            },
            device_secret: None,
            whole_scope: None,
            sign_in_id: Some(self.context.random()?),
            nonce: user.nonce,
            authenticated_at: user.authenticated_at,
            lifetime: self.lifetime(began_at),
            profile,
            ended: None,
            sequence: 0,
            profile_sequence: 0,
            audience_tokens: Vec::new(),
            pending_updates: Vec::new(),
            revocations,
            resources: Vec::new(),
            imported: true,
            discovery: None,
            proof_nonces: Default::default(),
            unknown: SecretMembers::default(),
        })
    }

    /// The age of the session, if anything limits it. The sign-in was not here: it is as old as the ID token shows, by
    /// the issuer's clock, or else as the import. The import is a use.
    fn lifetime(&self, began_at: Option<Timestamp>) -> Option<Lifetime> {
        if self.context.configuration().lifetime.are_unset() {
            return None;
        }
        let age = began_at.map_or(0, |began_at| self.issuer.server_now().seconds_since(began_at));
        let age = u64::try_from(age).unwrap_or(0);
        Some(Lifetime::begun_before(age, self.context.now()))
    }

    fn holds_session(&self) -> bool {
        self.context.read(|machine| machine.session().is_some())
    }
}
