//! The store: its first read, and the results of writes. Also what is announced as time passes.

use super::super::event::SessionEvent;
use super::super::input::{FirstRead, ItemDamaged, ItemWritten, StoreLocked, TimePassed, WriteAttempted};
use super::super::lifetime;
use super::super::outcome::{Effects, Verdict};
use super::super::phase::Phase;
use super::super::provenance::SignInName;
use super::super::state::Machine;

/// The contents of the store become what is in memory. This happens only while nothing is known: a sign-in or sign-out
/// that came first is newer than the store.
pub(crate) fn restore(machine: &mut Machine, input: FirstRead, effects: &mut Effects) -> Verdict {
    machine.provenance.look(input.seen, input.item.as_ref());
    machine.provenance.unreadable = input.unreadable;
    machine.take_nonces(input.item.as_ref());
    machine.receipt.received = None;
    machine.phase = Phase::of(input.item);
    machine.note_stored();
    announce_restored(machine, effects);
    Verdict::Changed
}

/// A session that has ended is not announced again: that was announced when it ended.
pub(crate) fn announce_restored(machine: &Machine, effects: &mut Effects) {
    if let Some(session) = machine.session().filter(|session| session.ended.is_none()) {
        let subject = session.subject.clone();
        effects.announce(SessionEvent::Restored { subject });
    }
}

/// The store cannot be read now.
pub(crate) fn lock(machine: &mut Machine, _: StoreLocked, _: &mut Effects) -> Verdict {
    machine.phase = Phase::Locked;
    Verdict::Changed
}

/// The stored item cannot be read, and memory is more current: memory replaces the item.
pub(crate) fn write_over(machine: &mut Machine, input: ItemDamaged, _: &mut Effects) -> Verdict {
    machine.provenance.note(input.seen, None);
    machine.ledger.change();
    Verdict::Changed
}

/// The store was given the changes, whether it took them or not.
pub(crate) fn note_attempt(machine: &mut Machine, input: WriteAttempted, effects: &mut Effects) -> Verdict {
    machine.ledger.attempt(input.revision);
    machine.announcements.release(&machine.ledger, effects);
    Verdict::Changed
}

/// The store holds the changes. [`note_attempt`], which follows, announces the events that waited for that.
pub(crate) fn note_written(machine: &mut Machine, input: ItemWritten, _: &mut Effects) -> Verdict {
    let provenance = &mut machine.provenance;
    provenance.wrote(input.written, input.content.sign_in);
    provenance.stored_updates = input.content.updates;
    provenance.stored_revocations = input.content.revocations;
    if input.content.replaced_unreadable {
        provenance.unreadable = None;
    }
    machine.ledger.store(input.content.revision);
    // Also if memory has later tokens by now, which are not written yet.
    let written = machine.provenance.seen_sign_in.as_ref();
    let is_written = machine
        .session()
        .is_some_and(|session| written == Some(&SignInName::of(session)));
    if is_written || machine.ledger.tokens_are_stored() {
        machine.provenance.sign_in_was_stored = true;
    }
    Verdict::Changed
}

/// Announces the state if it has changed, and counts the age of the session. New tokens are not announced before the
/// store was given them.
pub(crate) fn publish(machine: &mut Machine, input: TimePassed, effects: &mut Effects) -> Verdict {
    let limits = machine.limits;
    if let Some(session) = machine.current_session() {
        lifetime::count(limits, session, input.now);
    }
    if machine.session().is_none() || machine.ledger.is_attempted(machine.ledger.tokens()) {
        let state = machine.state(input.now);
        machine.announcements.publish(state, effects);
        let end = machine.next_end(input.now);
        machine.announcements.warn(end, input.now, effects);
    }
    Verdict::Unchanged
}
