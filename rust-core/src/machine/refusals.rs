//! Refusals that do not say what is wrong. Issuers answer a dead refresh token with many codes (`invalid_request`,
//! `invalid_token`, `token_expired`). One such answer proves nothing; after several the user is asked to sign in.

use std::time::Duration;

/// So many in a row.
const ENOUGH: u8 = 3;
/// The last one at least so long after the first.
const OVER: Duration = Duration::from_secs(60);

/// The refusals of the current refresh token since the last success. Kept in memory only: after a restart they are counted
/// anew.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Refusals {
    count: u8,
    /// When the first came, by the monotonic clock: a wall clock that is set proves nothing.
    first: Option<Duration>,
}

impl Refusals {
    /// One more. True when there are enough.
    pub(super) fn add(&mut self, now: Duration) -> bool {
        self.count = ENOUGH.min(self.count + 1);
        let first = *self.first.get_or_insert(now);
        self.count == ENOUGH && now.saturating_sub(first) >= OVER
    }

    /// The issuer took the refresh token, or there is another session.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}
