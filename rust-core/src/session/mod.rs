//! The session: the one place that changes anything.
//!
//! [`SessionManager`] is a handle; its parts are files here, by what they do: `restore`, `sign_in`, `refresh` (who gets
//! which token), `audiences` (tokens for further ones), `renewal` (how one is made), `sign_out`, `resources` (the
//! profile), `metadata`, `metadata_queue` (changes that wait), `import` (of other libraries' sessions), `legacy` (what
//! older Auth0 tenants have instead). They share `current` (the state in memory and its only mutations), `saving` (what
//! is in the store follows what is in memory), `quarantine` (what cannot be read is kept), `turn` (other processes with
//! the same store), `issuer` (endpoints and keys) and `exchange` (the one way to the network).
//!
//! Two rules keep it right under concurrency. A lock on the state in memory is never held across an `await`. Every
//! answer carries the *generation* it was asked in: a sign-out or a new sign-in raises the generation, and an answer of
//! an older one is dropped.

mod audiences;
mod background_time;
mod checking;
mod current;
mod dependencies;
mod exchange;
mod import;
mod issuer;
mod legacy;
mod metadata;
mod metadata_queue;
mod old_item;
mod options;
mod pending_sign_in;
mod process_lock;
mod quarantine;
mod refresh;
mod renewal;
mod resources;
mod restore;
mod saving;
mod sign_in;
mod sign_out;
mod single_flight;

use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;

use crate::machine::error::Error;
use crate::machine::event::Report;
use crate::model::configuration::Configuration;
use crate::model::profile::Profile;
use crate::model::secret::Secret;
use crate::model::state::SessionState;
use crate::ports::LockPlace;

pub use dependencies::{Dependencies, Sharing};
pub use import::{ImportOutcome, ImportSource};
pub use legacy::{DelegationOptions, PasswordSignIn};
pub use options::{
    DroppedUpdate, FlushReport, RefreshOptions, SignInOptions, SignInRequest, SignOutOutcome, TokenOptions,
    UpdateOutcome,
};

use background_time::{BackgroundTime, BackgroundTimes};
use current::{Current, Generation};
use exchange::ServerClock;
use import::Importing;
use issuer::Issuer;
use metadata_queue::Refused;
use options::Renewal;
use pending_sign_in::PendingSignIn;
use single_flight::SingleFlight;

/// One user's session at one issuer. Clones are handles to the same session.
#[derive(Clone, Debug)]
pub struct SessionManager {
    shared: Arc<Shared>,
}

/// A handle that does not keep the session open.
#[derive(Clone, Debug)]
pub struct WeakSessionManager(Weak<Shared>);

impl WeakSessionManager {
    /// The session, while somebody holds it.
    pub fn upgrade(&self) -> Option<SessionManager> {
        self.0.upgrade().map(|shared| SessionManager { shared })
    }
}

#[derive(Debug)]
struct Shared {
    /// For work that outlives the call that started it.
    me: Weak<Self>,
    configuration: Configuration,
    item_name: String,
    old_item_name: Option<String>,
    dependencies: Dependencies,
    current: Current,
    saving: tokio::sync::Mutex<()>,
    process_lock_order: tokio::sync::Mutex<()>,
    process_lock: Mutex<LockPlace>,
    background_times: BackgroundTimes,
    revoking: tokio::sync::Mutex<()>,
    restoring: tokio::sync::Mutex<()>,
    completing: tokio::sync::Mutex<()>,
    refreshing: SingleFlight<Renewal, Result<Secret, Error>>,
    fetching_profile: SingleFlight<Generation, Result<Profile, Error>>,
    sending_updates: tokio::sync::Mutex<()>,
    dropped_updates: Mutex<Vec<Refused>>,
    signing_in: PendingSignIn,
    importing: Importing,
    issuer: Issuer,
    server_clock: ServerClock,
}

impl SessionManager {
    /// A session under `name`, not yet read from the store. No I/O.
    ///
    /// # Errors
    /// [`Error::Configuration`] for an empty name.
    pub fn new(configuration: Configuration, name: &str, dependencies: Dependencies) -> Result<Self, Error> {
        if name.is_empty() {
            return Err(Error::Configuration {
                field: "name",
                problem: "is empty".to_owned(),
            });
        }
        let shared = Arc::new_cyclic(|me| Shared {
            me: Weak::clone(me),
            item_name: configuration.item_name(name),
            old_item_name: configuration.old_item_name(name),
            current: Current::default(),
            saving: tokio::sync::Mutex::default(),
            process_lock_order: tokio::sync::Mutex::default(),
            process_lock: Mutex::default(),
            background_times: BackgroundTimes::default(),
            revoking: tokio::sync::Mutex::default(),
            restoring: tokio::sync::Mutex::default(),
            completing: tokio::sync::Mutex::default(),
            refreshing: SingleFlight::default(),
            fetching_profile: SingleFlight::default(),
            sending_updates: tokio::sync::Mutex::default(),
            dropped_updates: Mutex::default(),
            signing_in: PendingSignIn::default(),
            importing: Importing::default(),
            issuer: Issuer::default(),
            server_clock: ServerClock::default(),
            configuration,
            dependencies,
        });
        Ok(Self { shared })
    }

    /// A handle that does not keep the session open.
    pub fn downgrade(&self) -> WeakSessionManager {
        WeakSessionManager(Arc::downgrade(&self.shared))
    }

    /// Gives back the lock between processes, if a renewal holds it; the renewal goes on without.
    pub fn release_process_lock(&self) {
        self.shared.release_process_lock();
    }

    /// The same, and takes it no more until [`SessionManager::resume`]: for iOS, which is about to suspend the process
    /// and kills those that hold a lock in a shared folder then. What would need it ends with
    /// [`Error::NoBackgroundTime`], also when it waits for its turn or between two attempts.
    pub fn prepare_for_suspension(&self) {
        self.shared.background_times.set(BackgroundTime::Over);
        self.release_process_lock();
    }

    /// The system was asked to let the process run, and has not answered: what needs the lock between processes waits for
    /// [`SessionManager::resume`] or [`SessionManager::prepare_for_suspension`], 10 seconds at most.
    pub fn await_background_time(&self) {
        self.shared.background_times.set(BackgroundTime::Asked);
    }

    /// The process runs on: it may take the lock between processes. So it is at first.
    pub fn resume(&self) {
        self.shared.background_times.set(BackgroundTime::Granted);
        self.shared.expire_sign_in();
    }

    /// The state; `None` until the store was read. Memory only.
    pub fn state(&self) -> Option<SessionState> {
        self.shared.current.state(self.shared.now())
    }

    /// Every change of state and every event from now on, in order, beginning with the current state where it is known.
    /// Ends with the session.
    pub fn subscribe(&self) -> UnboundedReceiver<Report> {
        self.shared.current.subscribe(self.shared.now())
    }

    /// Calls `use_token` with the access token in memory, if it is good for at least `min_ttl`. Memory only, O(1), and
    /// no copy is made but the caller's own. `None` also while new tokens wait to be written: then
    /// [`SessionManager::access_token`] writes them.
    pub fn with_cached_access_token<T>(&self, min_ttl: Duration, use_token: impl FnOnce(&str) -> T) -> Option<T> {
        self.shared
            .current
            .with_access_token(None, min_ttl, self.shared.now(), |token| use_token(token.expose()))
    }

    /// A number for the access token that [`SessionManager::with_cached_access_token`] would use now: 0 when there is
    /// none, another number for each new token. Memory only, O(1).
    pub fn cached_access_token_version(&self, min_ttl: Duration) -> u64 {
        self.shared.current.access_token_version(min_ttl, self.shared.now())
    }

    /// Whether a user is signed in, with an access token good for `min_ttl` or a refresh token to renew it. Memory
    /// only.
    pub fn has_valid_session(&self, min_ttl: Duration) -> bool {
        self.shared.current.is_usable(min_ttl, self.shared.now())
    }

    /// The profile as last fetched. Memory only.
    pub fn cached_profile(&self) -> Option<Profile> {
        self.shared.current.profile()
    }
}
