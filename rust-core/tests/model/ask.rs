//! What the world asks of a machine.

use std::time::Duration;

use pilotlight_core::machine::{Machine, PhaseKind, RenewalKind, Unsaved};
use pilotlight_core::model::pending_update::PendingUpdate;
use pilotlight_core::model::secret::Secret;
use pilotlight_core::model::time::Instant;

use crate::world::World;

impl World {
    pub(crate) fn machine(&self, process: usize) -> &Machine {
        &self.processes[process].machine
    }

    /// Whether a user is signed in there.
    pub(crate) fn is_signed_in(&self, process: usize) -> bool {
        self.machine(process).phase_kind() == PhaseKind::SignedIn
    }

    pub(crate) fn writes(&self, process: usize) -> u64 {
        self.machine(process).writes()
    }

    pub(crate) fn has_unsaved(&self, process: usize) -> bool {
        self.machine(process).has_unsaved()
    }

    pub(crate) fn unsaved(&self, process: usize) -> Option<Unsaved> {
        self.machine(process).unsaved()
    }

    pub(crate) fn saved_session(&self, process: usize) -> Option<Unsaved> {
        self.machine(process).saved_session()
    }

    pub(crate) fn revision(&self, process: usize) -> u64 {
        self.machine(process).revision()
    }

    pub(crate) fn has_looked(&self, process: usize) -> bool {
        self.machine(process).has_looked()
    }

    pub(crate) fn replaces_what_is_stored(&self, process: usize) -> bool {
        self.machine(process).replaces_what_is_stored()
    }

    pub(crate) fn access_token(&self, process: usize, now: Instant) -> Option<&Secret> {
        self.machine(process).access_token(None, Duration::ZERO, now)
    }

    pub(crate) fn would_renew_with(&self, process: usize, token: &Secret) -> bool {
        self.machine(process).would_renew_with(token)
    }

    pub(crate) fn may_renew(&self, process: usize, now: Instant) -> bool {
        self.machine(process).refusal(&RenewalKind::Own, now).is_none()
    }

    pub(crate) fn pending_updates(&self, process: usize) -> &[PendingUpdate] {
        self.machine(process).pending_updates()
    }
}
