//! What can be asked about renewals, before one is made.

use super::cooldown::RenewalKind;
use super::error::Error;
use super::state::Machine;
use crate::model::time::Instant;

impl Machine {
    /// Why the issuer is not asked for such a token now: it refused or could not be reached a moment ago. None where it may
    /// be asked.
    pub fn refusal(&self, kind: &RenewalKind, now: Instant) -> Option<Error> {
        self.cooldowns.refusal(kind, now)
    }

    /// Whether such a renewal brought a token that lives only so many seconds a moment ago: another would bring the same.
    pub fn was_short_lived(&self, kind: &RenewalKind, lifetime: u64, now: Instant) -> bool {
        self.cooldowns.is_short(kind, lifetime, now)
    }
}
