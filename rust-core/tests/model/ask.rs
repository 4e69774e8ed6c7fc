//! Questions that the world asks a machine.

use std::time::Duration;

use pilotlight_core::machine::{Generation, Lease, Machine, PhaseKind, RenewalKind, Stored, Tokens, Unsaved};
use pilotlight_core::model::pending_update::PendingUpdate;
use pilotlight_core::model::secret::Secret;
use pilotlight_core::model::time::Instant;

use crate::world::World;

impl World {
    pub(crate) fn machine(&self, process: usize) -> &Machine {
        &self.processes[process].machine
    }

    fn tokens(&self, process: usize) -> Tokens<'_> {
        Tokens::of(self.machine(process))
    }

    fn stored(&self, process: usize) -> Stored<'_> {
        Stored::of(self.machine(process))
    }

    /// Whether a user is signed in in that process.
    pub(crate) fn is_signed_in(&self, process: usize) -> bool {
        self.machine(process).phase_kind() == PhaseKind::SignedIn
    }

    pub(crate) fn looks(&self, process: usize) -> u64 {
        self.stored(process).looks()
    }

    pub(crate) fn has_unsaved(&self, process: usize) -> bool {
        self.machine(process).has_unsaved()
    }

    pub(crate) fn unsaved(&self, process: usize) -> Option<Unsaved> {
        self.stored(process).unsaved()
    }

    pub(crate) fn saved_session(&self, process: usize) -> Option<Unsaved> {
        self.stored(process).saved_session()
    }

    pub(crate) fn revision(&self, process: usize) -> u64 {
        self.stored(process).revision()
    }

    pub(crate) fn has_looked(&self, process: usize) -> bool {
        self.stored(process).has_looked()
    }

    pub(crate) fn access_token(&self, process: usize, now: Instant) -> Option<&Secret> {
        self.tokens(process).access_token(None, Duration::ZERO, now)
    }

    pub(crate) fn has_no_key(&self, process: usize) -> Option<Generation> {
        self.tokens(process).has_no_key()
    }

    pub(crate) fn stored_access_token(&self, process: usize, now: Instant) -> Option<&Secret> {
        self.tokens(process).stored_access_token(None, Duration::ZERO, now)
    }

    pub(crate) fn lease(&self, process: usize, now: Instant) -> Option<Lease> {
        self.tokens(process).access_token_lease(now)
    }

    pub(crate) fn would_renew_with(&self, process: usize, token: &Secret) -> bool {
        self.tokens(process).would_renew_with(token)
    }

    pub(crate) fn may_renew(&self, process: usize, now: Instant) -> bool {
        self.tokens(process).refusal(&RenewalKind::Own, now).is_none()
    }

    pub(crate) fn pending_updates(&self, process: usize) -> &[PendingUpdate] {
        self.stored(process).pending_updates()
    }

    pub(crate) fn holds_settled_update(&self, process: usize) -> bool {
        self.stored(process).holds_settled_update()
    }

    pub(crate) fn next_update(&self, process: usize, generation: Generation) -> Option<u64> {
        self.stored(process).next_update(generation).map(|update| update.id)
    }
}
