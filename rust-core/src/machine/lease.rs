//! How long a copy of the access token may be given out without asking the machine.

use std::time::Duration;

use super::tokens::Tokens;
use crate::model::credentials::Freshness;
use crate::model::time::Instant;

/// The wall clock counts too for a token's age, and may be set at any time; it is looked at this often.
const LONGEST: Duration = Duration::from_secs(1);

/// How long a copy of the access token is good, while nothing happens to the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease {
    /// Until the token expires.
    pub left: Duration,
    /// Until the machine is to be asked again, whatever the token's age; no later than the session's end.
    pub ends_in: Duration,
}

impl Tokens<'_> {
    /// A lease of the token that [`Tokens::stored_access_token`] gives. None also where the clocks leave open how old that
    /// is: such a token is looked at each time.
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
