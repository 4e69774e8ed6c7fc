//! The state that all endpoints share.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::watch;

use crate::accounts::Account;
use crate::clock::Clock;
use crate::fault_queue::FaultQueue;
use crate::grant::{AccessTokenStore, Code};
use crate::holds::Holds;
use crate::journal::Journal;
use crate::keys::KeyRing;
use crate::lock::lock;
use crate::options::{Api, Client, Options, Organization};
use crate::rate_limit::Windows;
use crate::records::{
    BrowserSession, DeviceCode, DeviceSecret, Proofs, Pushed, SecondFactor, SessionTransfer, Transaction,
};
use crate::refresh_tokens::RefreshTokens;
use crate::settings::Settings;
use crate::wire::Wires;

/// The server, as seen by its endpoints and its [`Control`](crate::Control).
pub(crate) struct Shared {
    /// With a trailing slash.
    pub(crate) issuer: String,
    /// Where the control endpoints answer even while the server is offline.
    pub(crate) control_url: String,
    pub(crate) clients: Vec<Client>,
    pub(crate) apis: Vec<Api>,
    pub(crate) organizations: Vec<Organization>,
    pub(crate) clock: Clock,
    pub(crate) keys: KeyRing,
    pub(crate) faults: FaultQueue,
    pub(crate) holds: Holds,
    pub(crate) journal: Journal,
    pub(crate) wires: Arc<Wires>,
    /// True once the end was requested.
    pub(crate) stop: watch::Sender<bool>,
    settings: Mutex<Settings>,
    db: Mutex<Db>,
}

/// The state that requests change. It has one lock, so a rotation and its bookkeeping are one step.
#[derive(Default)]
pub(crate) struct Db {
    pub(crate) accounts: Vec<Account>,
    pub(crate) codes: HashMap<String, Code>,
    /// The requests pushed to `/oauth/par`, by their `request_uri`.
    pub(crate) pushed: HashMap<String, Pushed>,
    /// The codes issued by `/oauth/device/code`, by device code.
    pub(crate) device_codes: HashMap<String, DeviceCode>,
    pub(crate) session_transfers: HashMap<String, SessionTransfer>,
    pub(crate) device_secrets: HashMap<String, DeviceSecret>,
    /// Sign in with Apple codes that were exchanged.
    pub(crate) spent_codes_of_others: HashSet<String>,
    pub(crate) transactions: HashMap<String, Transaction>,
    /// Grants that wait for a second factor, by `mfa_token`.
    pub(crate) second_factors: HashMap<String, SecondFactor>,
    pub(crate) sessions: HashMap<String, BrowserSession>,
    pub(crate) refresh_tokens: RefreshTokens,
    pub(crate) access_tokens: AccessTokenStore,
    pub(crate) windows: Windows,
    pub(crate) proofs: Proofs,
    /// Wrong passwords in a row at `/oauth/ro`, by user.
    pub(crate) wrong_passwords: HashMap<String, u32>,
}

/// Not derived: codes and tokens are keys in there.
impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

impl Shared {
    pub(crate) fn new(issuer: String, control_url: String, options: Options, wires: Arc<Wires>) -> Self {
        let accounts = options
            .accounts
            .into_iter()
            .map(|account| account.at(&issuer))
            .collect();
        let shared = Self {
            issuer,
            control_url,
            clients: options.clients,
            apis: options.apis,
            organizations: options.organizations,
            clock: Clock::default(),
            keys: KeyRing::default(),
            faults: FaultQueue::default(),
            holds: Holds::default(),
            journal: Journal::default(),
            wires,
            stop: watch::Sender::new(false),
            settings: Mutex::new(options.settings),
            db: Mutex::new(Db {
                accounts,
                ..Db::default()
            }),
        };
        // Published from the start, before anything is signed.
        shared.keys.current(shared.settings().algorithm);
        shared
    }

    /// A snapshot, so that one request sees one set of settings.
    pub(crate) fn settings(&self) -> Settings {
        lock(&self.settings).clone()
    }

    pub(crate) fn change_settings(&self, change: impl FnOnce(&mut Settings)) {
        let mut settings = lock(&self.settings);
        change(&mut settings);
        self.keys.current(settings.algorithm);
    }

    pub(crate) fn db(&self) -> MutexGuard<'_, Db> {
        lock(&self.db)
    }

    pub(crate) fn client(&self, id: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.id == id)
    }

    pub(crate) fn userinfo_url(&self) -> String {
        format!("{}userinfo", self.issuer)
    }

    /// The audience of the Management API.
    pub(crate) fn management_audience(&self) -> String {
        format!("{}api/v2/", self.issuer)
    }

    /// The scopes of an API; none for an unknown API.
    pub(crate) fn scopes_of(&self, audience: &str) -> Option<Vec<String>> {
        if audience == self.management_audience() {
            return Some(CURRENT_USER_SCOPES.map(str::to_owned).to_vec());
        }
        if audience == self.userinfo_url() {
            return Some(Vec::new());
        }
        self.apis
            .iter()
            .find(|api| api.identifier == audience)
            .map(|api| api.scopes.clone())
    }
}

/// The Management API's scopes that users get for themselves.
pub(crate) const CURRENT_USER_SCOPES: [&str; 3] = [
    "read:current_user",
    "update:current_user_metadata",
    "create:current_user_metadata",
];

impl Db {
    pub(crate) fn account(&self, id: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.id == id)
    }

    pub(crate) fn account_mut(&mut self, id: &str) -> Option<&mut Account> {
        self.accounts.iter_mut().find(|account| account.id == id)
    }

    /// E-mail addresses are compared case-insensitively, as in Auth0's database connections.
    pub(crate) fn account_by_email(&self, email: &str) -> Option<&Account> {
        self.accounts
            .iter()
            .find(|account| account.email.eq_ignore_ascii_case(email))
    }

    /// Ends a refresh token family, and its access tokens if the settings say so. Returns whether it was alive.
    pub(crate) fn end_family(&mut self, family: u64, settings: &Settings) -> bool {
        if settings.family_ends_access_tokens {
            self.access_tokens.revoke_family(family);
        }
        self.refresh_tokens.end(family)
    }
}
