//! Refusals that do not say what is wrong. Issuers answer a dead refresh token with many codes (`invalid_request`,
//! `invalid_token`, `token_expired`). One such answer proves nothing; after several the user is asked to sign in.

use std::time::Duration;

/// How many refusals in a row are needed.
const ENOUGH: u8 = 3;
/// The last refusal has to come at least this long after the first.
const OVER: Duration = Duration::from_secs(60);

/// The refusals of the current refresh token since the last success. Kept in memory only: after a restart the count
/// begins anew.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Refusals {
    count: u8,
    /// When the first came, by the monotonic clock: the wall clock may be set at any time.
    first: Option<Duration>,
}

impl Refusals {
    /// Counts one more refusal. True if there have been enough.
    pub(super) fn add(&mut self, now: Duration) -> bool {
        self.count = ENOUGH.min(self.count + 1);
        let first = *self.first.get_or_insert(now);
        self.count == ENOUGH && now.saturating_sub(first) >= OVER
    }

    /// Resets the count: the issuer accepted the refresh token, or the session is another one.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}
