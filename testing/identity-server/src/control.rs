//! The handle with which tests control a running server.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::time::timeout;

use crate::accounts::Account;
use crate::endpoints::device;
use crate::faults::Fault;
use crate::journal::{Counters, Endpoint, RequestRecord};
use crate::keys::OldKeys;
use crate::settings::Settings;
use crate::state::Shared;

/// Much longer than anything that a test waits for, even on a busy machine.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Controls a running server. Cheap to clone. Every effect is complete when the call returns.
#[derive(Debug, Clone)]
pub struct Control {
    shared: Arc<Shared>,
}

impl Control {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Adds a fault behind those that are already pending.
    pub fn fault(&self, endpoint: Endpoint, fault: Fault) {
        self.shared.faults.add(endpoint, fault);
    }

    /// Removes the pending faults for `endpoint`, or all faults for [`Endpoint::Any`]. Held requests stay held.
    pub fn clear_faults(&self, endpoint: Endpoint) {
        self.shared.faults.clear(endpoint);
    }

    /// The faults that are still pending.
    #[must_use]
    pub fn waiting_faults(&self) -> Vec<(Endpoint, Fault)> {
        self.shared.faults.waiting()
    }

    /// Releases the requests that [`Fault::hold`] stopped. Returns how many there were.
    pub fn release(&self, endpoint: Endpoint) -> usize {
        self.shared.holds.release(endpoint)
    }

    /// How many requests are held now.
    #[must_use]
    pub fn held(&self, endpoint: Endpoint) -> usize {
        self.shared.holds.held(endpoint)
    }

    /// Returns when `count` requests are held at once.
    ///
    /// # Panics
    /// If that does not happen within half a minute.
    pub async fn wait_for_held(&self, endpoint: Endpoint, count: usize) {
        let mut progress = self.shared.holds.progress();
        let waiting = async { while self.held(endpoint) < count && progress.changed().await.is_ok() {} };
        let waited = timeout(LONGEST_WAIT, waiting).await;
        assert!(
            waited.is_ok(),
            "{endpoint:?}: {} of {count} requests are held",
            self.held(endpoint)
        );
    }

    /// Requests seen by `endpoint` since the server started, including those that a fault swallowed.
    #[must_use]
    pub fn seen(&self, endpoint: Endpoint) -> u64 {
        self.shared.journal.seen(endpoint)
    }

    /// Returns when `endpoint` has seen `count` requests since the server started.
    ///
    /// # Panics
    /// If that does not happen within half a minute.
    pub async fn wait_for_requests(&self, endpoint: Endpoint, count: u64) {
        let mut progress = self.shared.journal.progress();
        let waiting = async { while self.seen(endpoint) < count && progress.changed().await.is_ok() {} };
        let waited = timeout(LONGEST_WAIT, waiting).await;
        assert!(
            waited.is_ok(),
            "{endpoint:?} has seen {} of {count} requests",
            self.seen(endpoint)
        );
    }

    /// Every request so far (or since [`clear_requests`](Self::clear_requests)), oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.shared.journal.records()
    }

    /// Empties the request log. The counters stay.
    pub fn clear_requests(&self) {
        self.shared.journal.clear_records();
    }

    #[must_use]
    pub fn counters(&self) -> Counters {
        self.shared.journal.counters()
    }

    /// The server's time, in seconds since the epoch.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.shared.clock.now()
    }

    /// Moves the server's clock forward: tokens expire, overlap periods and rate limits pass, `Date` follows.
    pub fn advance(&self, by: Duration) {
        self.shared.clock.advance(by);
    }

    /// Sets the server's clock ahead of this machine's by that many seconds (behind, if negative).
    pub fn set_clock_offset(&self, seconds: i64) {
        self.shared.clock.set_offset(seconds);
    }

    /// Seconds by which the server's clock is ahead of this machine's (behind, if negative).
    #[must_use]
    pub fn clock_offset(&self) -> i64 {
        self.shared.clock.offset()
    }

    /// Stops the server's clock; [`advance`](Self::advance) still moves it.
    pub fn freeze_clock(&self) {
        self.shared.clock.freeze();
    }

    /// Lets the server's clock run again, from the machine's time and the offset.
    pub fn thaw_clock(&self) {
        self.shared.clock.thaw();
    }

    #[must_use]
    pub fn is_clock_frozen(&self) -> bool {
        self.shared.clock.is_frozen()
    }

    /// Makes a new signing key for the algorithm in the settings. Returns its id.
    pub fn rotate_keys(&self, old: OldKeys) -> String {
        self.shared.keys.rotate(self.shared.settings().algorithm, old)
    }

    #[must_use]
    pub fn settings(&self) -> Settings {
        self.shared.settings()
    }

    /// Changes settings for future requests: `control.change(|s| s.rotation = false)`.
    pub fn change(&self, change: impl FnOnce(&mut Settings)) {
        self.shared.change_settings(change);
    }

    /// The user on the other device enters this code and signs in as `email`, or denies if there is no `email`. Returns
    /// whether the code and the user exist.
    pub fn decide_device(&self, user_code: &str, email: Option<&str>) -> bool {
        device::decide(&self.shared, user_code, email)
    }

    /// Signs a user out everywhere: refresh tokens, their access tokens and browser sessions.
    /// Returns how many refresh token families ended.
    pub fn revoke_user(&self, email: &str) -> usize {
        let mut db = self.shared.db();
        let Some(id) = db.account_by_email(email).map(|account| account.id.clone()) else {
            return 0;
        };
        let families = db.refresh_tokens.live_of(&id);
        for family in &families {
            db.access_tokens.revoke_family(*family);
            db.refresh_tokens.end(*family);
        }
        db.sessions.retain(|_, session| session.user_id != id);
        families.len()
    }

    /// A copy of a user, by email address.
    #[must_use]
    pub fn account(&self, email: &str) -> Option<Account> {
        self.shared.db().account_by_email(email).cloned()
    }

    /// Adds a user; one with the same id or email address is replaced.
    pub fn put_account(&self, account: Account) {
        let mut db = self.shared.db();
        db.accounts
            .retain(|known| known.id != account.id && !known.email.eq_ignore_ascii_case(&account.email));
        db.accounts.push(account.at(&self.shared.issuer));
    }

    /// Changes a user in place. Returns whether there is one.
    pub fn change_account(&self, email: &str, change: impl FnOnce(&mut Account)) -> bool {
        let mut db = self.shared.db();
        let account = db
            .accounts
            .iter_mut()
            .find(|account| account.email.eq_ignore_ascii_case(email));
        account.map(change).is_some()
    }

    /// Deletes a user, whose tokens then become invalid. Returns whether there was one.
    pub fn delete_account(&self, email: &str) -> bool {
        let mut db = self.shared.db();
        let before = db.accounts.len();
        db.accounts.retain(|account| !account.email.eq_ignore_ascii_case(email));
        db.accounts.len() < before
    }

    /// A user's `user_metadata`.
    #[must_use]
    pub fn user_metadata(&self, email: &str) -> Option<Map<String, Value>> {
        self.account(email).map(|account| account.user_metadata)
    }

    /// Replaces a user's `user_metadata`. Returns whether there is such a user.
    pub fn set_user_metadata(&self, email: &str, metadata: Map<String, Value>) -> bool {
        self.change_account(email, |account| account.user_metadata = metadata)
    }

    /// Closes the port and every connection: from now on connections are refused. State and port number are kept.
    ///
    /// # Errors
    /// If the port cannot be kept, or the server has stopped.
    pub async fn go_offline(&self) -> io::Result<()> {
        self.shared.wires.go_offline().await
    }

    /// Listens again on the same port.
    ///
    /// # Errors
    /// If the port was lost meanwhile, or the server has stopped.
    pub async fn go_online(&self) -> io::Result<()> {
        self.shared.wires.go_online().await
    }

    /// The URL for the same functions over HTTP, even while the server is offline: `http://127.0.0.1:PORT/_control/`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.shared.control_url
    }

    /// Asks the program that runs the server to end, see [`IdentityServer::stopped`](crate::IdentityServer::stopped).
    pub fn shut_down(&self) {
        self.shared.stop.send_replace(true);
    }
}
