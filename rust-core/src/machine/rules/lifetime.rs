//! Uses of the session.

use super::super::input::Used;
use super::super::lifetime;
use super::super::outcome::{Effects, Verdict};
use super::super::state::Machine;

/// The idle time starts again. The store is given the new time only now and then.
pub(crate) fn note_use(machine: &mut Machine, input: Used, effects: &mut Effects) -> Verdict {
    let Some(idle) = machine.limits.idle else {
        return Verdict::Unchanged;
    };
    let (limits, now) = (machine.limits, input.now);
    let session = machine.current_session();
    let lifetime = session.and_then(|session| lifetime::count(limits, session, now));
    let is_due = lifetime.is_some_and(|lifetime| lifetime.note_use(idle, now));
    let end = machine.next_end(now);
    machine.announcements.warn(end, now, effects);
    if !is_due {
        return Verdict::Unchanged;
    }
    machine.ledger.change();
    Verdict::Changed
}
