//! How a change becomes visible to code that does not ask the machine.

use super::event::Report;
use super::outcome::{Effect, Outcome};
use super::state::Machine;
use super::table::Input;

/// Code that sees a change of the session without asking the machine.
pub trait Observers {
    /// Ends every [`Lease`](super::Lease): what was known about the session may be wrong now.
    fn raise_epoch(&mut self);

    /// Announces the report to every subscriber.
    fn announce(&mut self, report: &Report);
}

/// Applies one input to the machine and makes the result visible. The other effects are left to the caller, who must
/// prevent access to the machine in the meantime.
pub fn apply_observed(machine: &mut Machine, input: impl Into<Input>, observers: &mut impl Observers) -> Outcome {
    let outcome = machine.apply(input);
    // The epoch is raised before the announcements: a subscriber that is notified of the sign-out must not get the
    // user's token from a lease. This is also done for an input that changes nothing: those are few, and a rule that
    // distinguishes them could be wrong.
    observers.raise_epoch();
    for effect in &outcome.effects {
        if let Effect::Announce(report) = effect {
            observers.announce(report);
        }
    }
    outcome
}
