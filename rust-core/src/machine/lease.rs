//! How long a copy of the access token may be given out without asking the machine.

use std::time::Duration;

use super::tokens::Tokens;
use crate::model::credentials::Freshness;
use crate::model::time::Instant;

/// The wall clock also counts for a token's age, and may be set at any time, so it is checked this often.
const LONGEST: Duration = Duration::from_secs(1);

/// How long a copy of the access token is good, as long as nothing happens to the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The time until the token expires.
    pub left: Duration,
    /// The time until the machine has to be asked again, whatever the token's age; not longer than the session lasts.
    pub ends_in: Duration,
}

impl Tokens<'_> {
    /// A lease of the token that [`Tokens::stored_access_token`] returns. Also none if the clocks do not show how old
    /// the token is: such a token is checked each time.
    pub fn access_token_lease(self, now: Instant) -> Option<Lease> {
        self.stored_access_token(None, Duration::ZERO, now)?;
        match self.freshness(now)? {
            Freshness::ValidFor(left) => Some(Lease {
                left,
                ends_in: LONGEST.min(left).min(self.session_left(now)),
            }),
            Freshness::Unclear(_) | Freshness::RenewalDue => None,
        }
    }
}
