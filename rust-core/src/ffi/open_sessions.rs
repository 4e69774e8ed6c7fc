//! The sessions that are open in this process. Opening a session again returns the same one: two that renewed side by
//! side would present one refresh token twice, and an issuer that rotates refresh tokens ends the session for that.

use std::sync::{Arc, Mutex, PoisonError};

use super::error::SessionError;
use super::redirect_uris::RedirectUris;
use super::storage::SessionStorage;
use super::store_identity::StoreIdentity;
use crate::machine::error::Error;
use crate::model::configuration::{Configuration, SessionConfiguration};
use crate::ports::{Log, LogLevel};
use crate::session::{Dependencies, SessionManager, WeakSessionManager};

/// What makes two sessions the same: the stored item, whatever else their configurations say. A read-only session does
/// not renew, so it cannot collide with another and is a separate session.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Identity {
    store: StoreIdentity,
    item_name: String,
    read_only: bool,
}

#[derive(Debug)]
struct OpenSession {
    identity: Identity,
    manager: WeakSessionManager,
    /// The storage of the last opening, whose options count.
    storage: SessionStorage,
    /// The name of its HTTP client.
    network: &'static str,
}

/// Opening a session does not take longer when many are open.
#[derive(Debug)]
struct OpenSessions {
    /// Sorted by identity. Boxed, so that inserting one among a thousand moves eight kilobytes. Not a hash map: its
    /// code and its random keys would be an extra cost for the first session that a process opens.
    #[expect(clippy::vec_box, reason = "said above")]
    in_order: Vec<Box<OpenSession>>,
    redirect_uris: RedirectUris,
    /// How many may be opened before the closed ones are removed.
    opened_until_sweep: usize,
}

static OPEN: Mutex<OpenSessions> = Mutex::new(OpenSessions::NONE);

/// The least number of openings between two sweeps.
const LEAST_BETWEEN_SWEEPS: usize = 16;

impl OpenSessions {
    const NONE: Self = Self {
        in_order: Vec::new(),
        redirect_uris: RedirectUris::NONE,
        opened_until_sweep: LEAST_BETWEEN_SWEEPS,
    };

    /// The index of the session, or the index where it would be inserted.
    fn find(&self, identity: &Identity) -> Result<usize, usize> {
        self.in_order.binary_search_by(|session| session.identity.cmp(identity))
    }

    fn add(&mut self, manager: &SessionManager, session: OpenSession) {
        if self.opened_until_sweep == 0 {
            self.in_order.retain(|session| session.manager.upgrade().is_some());
            self.redirect_uris.forget_closed();
            self.opened_until_sweep = self.in_order.len().max(LEAST_BETWEEN_SWEEPS);
        }
        self.opened_until_sweep -= 1;
        self.redirect_uris.add(manager);
        match self.find(&session.identity) {
            Ok(closed) => *self.in_order[closed] = session,
            Err(place) => self.in_order.insert(place, Box::new(session)),
        }
    }
}

/// The arguments of one opening.
#[derive(Debug)]
pub(super) struct Opening {
    pub(super) configuration: SessionConfiguration,
    pub(super) storage: SessionStorage,
    pub(super) name: String,
    pub(super) read_only: bool,
    /// The name of the HTTP client.
    pub(super) network: &'static str,
}

/// Returns the open session for the same stored item, or a new one that uses what `dependencies` makes. If the settings
/// of an open session differ, the new settings count from now on, and the caller's `log` says so. That happens if the
/// app closed the other handle a moment ago and its last work still runs, or if a screen still shows it: the app opens
/// the session again because of the new settings.
pub(super) fn open_or_join(
    opening: Opening,
    log: &Arc<dyn Log>,
    dependencies: impl FnOnce() -> Result<Dependencies, SessionError>,
) -> Result<SessionManager, SessionError> {
    let Opening {
        configuration,
        storage,
        name,
        read_only,
        network,
    } = opening;
    let configuration = Configuration::parse(configuration)?;
    let Some(store) = storage.identity() else {
        return Ok(SessionManager::new(configuration, &name, dependencies()?)?);
    };
    let identity = Identity {
        store,
        item_name: configuration.item_name(&name),
        read_only,
    };
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    let open = &mut *open;
    if let Ok(place) = open.find(&identity)
        && let same = &mut open.in_order[place]
        && let Some(manager) = same.manager.upgrade()
    {
        if same.network != network {
            return Err(another_network(same.network, network).into());
        }
        if same.storage != storage || !manager.is_configured_so(&configuration) {
            manager.configure(configuration, dependencies()?.store);
            open.redirect_uris.add_again(&manager);
            same.storage = storage;
            log.log(
                LogLevel::Warning,
                "this session was open with another configuration or other storage options; the new settings now apply to \
                 every handle; what differs from sign-in to sign-in belongs in the sign-in's options",
            );
        }
        return Ok(manager);
    }
    let manager = SessionManager::new(configuration, &name, dependencies()?)?;
    let session = OpenSession {
        identity,
        manager: WeakSessionManager::of(&manager),
        storage,
        network,
    };
    open.add(&manager, session);
    Ok(manager)
}

/// An error, unlike other settings. If the session kept the first client, requests would silently bypass a VPN or miss
/// a pinned certificate.
fn another_network(open: &str, wanted: &str) -> Error {
    Error::Configuration {
        field: "transport",
        problem: format!(
            "differs: this session is open already in this process and its requests go through {open}, not through \
             {wanted}; give each Session with this configuration, storage and name the same transport"
        ),
    }
}

#[cfg(test)]
#[cfg(feature = "http-client")]
mod tests;
