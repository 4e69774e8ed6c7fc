//! How a change becomes visible to those who do not ask the machine.

use super::event::Report;
use super::outcome::{Effect, Outcome};
use super::state::Machine;
use super::table::Input;

/// Those who see a session change without asking the machine.
pub trait Observers {
    /// What was known of the session may be wrong now: every [`Lease`](super::Lease) ends.
    fn raise_epoch(&mut self);

    /// To every subscriber.
    fn announce(&mut self, report: &Report);
}

/// Applies one input to the machine and shows what came of it. The other effects are for the caller, who keeps everybody from
/// asking the machine meanwhile.
pub fn apply_observed(machine: &mut Machine, input: impl Into<Input>, observers: &mut impl Observers) -> Outcome {
    let outcome = machine.apply(input);
    // Before anybody is notified: a subscriber who hears that the user has signed out must not be given the user's token by a
    // lease. Also for an input that changes nothing: they are few, and a rule that tells them apart could be wrong.
    observers.raise_epoch();
    for effect in &outcome.effects {
        if let Effect::Announce(report) = effect {
            observers.announce(report);
        }
    }
    outcome
}
