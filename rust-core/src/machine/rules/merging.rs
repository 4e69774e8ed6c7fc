//! Merges what another process left in the store with what is in memory.

use std::mem;

use super::super::announcements::arrival;
use super::super::event::{SessionEvent, SignInWay};
use super::super::input::ItemSeen;
use super::super::outcome::{Effects, Verdict};
use super::super::phase::Phase;
use super::super::provenance::update_ids;
use super::super::revocations;
use super::super::state::Machine;
use super::store::announce_restored;
use super::versions::{merge_updates, merge_writings, merged_revocations};
use crate::storage::envelope::{PendingRevocation, StoredItem, StoredSession};

/// Nothing is known yet: what the store holds becomes what is in memory.
pub(crate) fn restore_again(machine: &mut Machine, input: ItemSeen, effects: &mut Effects) -> Verdict {
    if !look(machine, &input) {
        return Verdict::ReadAgain;
    }
    replace_by_stored(machine, Phase::of(input.item), effects);
    announce_restored(machine, effects);
    Verdict::Changed
}

/// Nobody is signed in here. A sign-out that is not written yet is newer than the sign-in that it removes, but not
/// newer than another sign-in elsewhere. A sign-out that came before the store could be read applies to whatever is
/// read first.
pub(crate) fn follow_signed_out(machine: &mut Machine, input: ItemSeen, effects: &mut Effects) -> Verdict {
    let is_first_look = !machine.provenance.has_looked;
    if !look(machine, &input) {
        return Verdict::ReadAgain;
    }
    let item = input.item;
    if machine.has_unsaved() {
        if is_first_look && let Some(found) = machine.provenance.seen_sign_in.clone() {
            machine.departure.add(found);
        }
        let stays = |found: &StoredSession| !machine.departure.is_from(found);
        match &item {
            Some(StoredItem::Session(found)) if stays(found) => {}
            Some(StoredItem::Session(found)) => {
                revoke_too(machine, found, is_first_look);
                return Verdict::Unchanged;
            }
            Some(StoredItem::SignedOut(found)) => {
                wait_for_both(machine, &found.revocations);
                return Verdict::Unchanged;
            }
            None => return Verdict::Unchanged,
        }
    }
    if matches!(item, Some(StoredItem::Session(_))) {
        return take_over(machine, Phase::of(item), SignInWay::Elsewhere, effects);
    }
    machine.phase = Phase::of(item);
    machine.note_stored();
    Verdict::Unchanged
}

/// The session that the sign-out removes has tokens that the sign-out did not know: the store could not be read then, or
/// another process has stepped up in the meantime, so that they are of a different grant. Its refresh token will be
/// revoked together with the others that wait.
fn revoke_too(machine: &mut Machine, found: &StoredSession, is_first_look: bool) {
    if !is_first_look && !machine.departure.is_from_another_grant_of(found) {
        return;
    }
    let Some(waiting) = machine.phase.revocations_mut() else {
        return;
    };
    for pending in revocations::after(found, found.credentials.received_at) {
        revocations::add(waiting, pending);
    }
}

/// Another process has signed out too. Its tokens and ours wait to be revoked.
fn wait_for_both(machine: &mut Machine, found: &[PendingRevocation]) {
    if let Some(waiting) = machine.phase.revocations_mut() {
        *waiting = merged_revocations(&mut machine.provenance, mem::take(waiting), found.to_vec());
    }
}

/// There is a session here. Two versions of one sign-in are merged. Another sign-in replaces this one, unless this one
/// was never stored: then it is newer than anything in the store.
pub(crate) fn merge(machine: &mut Machine, input: ItemSeen, effects: &mut Effects) -> Verdict {
    if !look(machine, &input) {
        return Verdict::ReadAgain;
    }
    let is_same = |held: &StoredSession| match &input.item {
        Some(StoredItem::Session(found)) => held.is_same_sign_in(found),
        _ => false,
    };
    let is_same = machine.session().is_some_and(is_same);
    match input.item {
        Some(StoredItem::Session(found)) if is_same => merge_writings(machine, found, effects),
        Some(StoredItem::Session(found)) => choose_sign_in(machine, found, effects),
        item if !machine.provenance.sign_in_was_stored => stay_signed_in(machine, item),
        item => take_over(machine, Phase::of(item), SignInWay::Elsewhere, effects),
    }
}

/// Nobody is signed in elsewhere, and our sign-in is newer. The tokens that wait there to be revoked still wait.
fn stay_signed_in(machine: &mut Machine, found: Option<StoredItem>) -> Verdict {
    if let (Some(session), Some(StoredItem::SignedOut(found))) = (machine.session(), found) {
        let waiting = revocations::of_others(&found.revocations, &session.subject);
        wait_further(machine, waiting);
    }
    Verdict::Unchanged
}

/// The store holds a different sign-in from ours. If ours was never stored, it is newer. If both belong to the same
/// user, the waiting changes of both stay.
fn choose_sign_in(machine: &mut Machine, mut found: Box<StoredSession>, effects: &mut Effects) -> Verdict {
    let Phase::Session(mut held) = mem::take(&mut machine.phase) else {
        return Verdict::Unchanged;
    };
    let (ours, theirs) = (update_ids(Some(&held)), update_ids(Some(&found)));
    if held.subject == found.subject {
        merge_updates(machine, &mut held, &mut found);
    }
    let waiting = update_ids(Some(&found));
    if !machine.provenance.sign_in_was_stored {
        if update_ids(Some(&held)) != ours {
            machine.ledger.change();
        }
        // The other session is overwritten. Its tokens are treated as if a sign-in had replaced it in memory.
        let replaced = revocations::after(&found, held.credentials.received_at);
        let replaced = revocations::of_others(&replaced, &held.subject);
        machine.phase = Phase::Session(held);
        wait_further(machine, replaced);
        return Verdict::Unchanged;
    }
    machine.phase = Phase::Session(held);
    let verdict = take_over(machine, Phase::Session(found), SignInWay::Elsewhere, effects);
    if waiting != theirs {
        machine.provenance.stored_updates = theirs;
        machine.ledger.change();
    }
    verdict
}

/// False if this process has written since it read, or has read a newer item.
fn look(machine: &mut Machine, input: &ItemSeen) -> bool {
    let is_current = machine.provenance.looks == input.looks;
    if is_current {
        machine.provenance.look(input.seen, input.item.as_ref());
        machine.take_nonces(input.item.as_ref());
    }
    is_current
}

/// Adds tokens that have to be revoked.
pub(super) fn wait_further(machine: &mut Machine, tokens: Vec<PendingRevocation>) {
    let Some(pending) = machine.phase.revocations_mut() else {
        return;
    };
    let known = revocations::tokens(pending);
    let is_new = |token: &PendingRevocation| !known.contains(&token.token);
    let new: Vec<_> = tokens.into_iter().filter(is_new).collect();
    if new.is_empty() {
        return;
    }
    new.into_iter().for_each(|token| revocations::add(pending, token));
    machine.ledger.change();
}

/// Another session, or none, takes the place of the current one.
pub(crate) fn take_over(machine: &mut Machine, phase: Phase, by: SignInWay, effects: &mut Effects) -> Verdict {
    // Waiting revocations that were never written here are not in the store either.
    let mut unsaved = machine.phase.revocations().to_vec();
    unsaved.retain(|token| !machine.provenance.stored_revocations.contains(&token.token));
    replace_by_stored(machine, phase, effects);
    if let Some(session) = machine.session() {
        unsaved = revocations::of_others(&unsaved, &session.subject);
    }
    wait_further(machine, unsaved);
    effects.announce(match machine.session() {
        Some(session) => arrival(session, by),
        None => SessionEvent::SignedOut { elsewhere: true },
    });
    Verdict::Changed
}

fn replace_by_stored(machine: &mut Machine, phase: Phase, effects: &mut Effects) {
    machine.begin_generation(phase);
    machine.note_stored();
    machine.ledger.took_all_from_store();
    machine.announcements.release(&machine.ledger, effects);
}

#[cfg(test)]
mod tests {
    use super::super::super::input::ItemWritten;
    use super::super::super::stored::Stored;
    use super::*;
    use crate::model::secret::{Fingerprint, SecretBytes};

    /// The store was read and found empty, when `looks` had this value.
    fn look(machine: &mut Machine, looks: u64) -> Verdict {
        let (item, seen) = (None, None);
        machine.apply(ItemSeen { item, seen, looks }).verdict
    }

    #[test]
    fn what_was_read_before_a_later_look_is_read_again_and_what_was_not_counts() {
        let mut machine = Machine::default();
        let mut look = |looks| {
            let verdict = look(&mut machine, looks);
            (verdict, Stored::of(&machine).looks(), machine.is_signed_out())
        };
        assert_eq!(look(7), (Verdict::ReadAgain, 0, false));
        assert_eq!(look(0), (Verdict::Changed, 1, true));
        assert_eq!(look(0), (Verdict::ReadAgain, 1, true));
        assert_eq!(look(1), (Verdict::Unchanged, 1, true), "nothing new");
    }

    /// A write that tests whether the store accepts one often changes nothing in it.
    #[test]
    fn what_was_read_before_a_write_is_read_again_though_it_wrote_the_same_bytes() {
        let mut machine = Machine::default();
        look(&mut machine, 0);
        let written = Some(Fingerprint::of(&SecretBytes::new(b"{}".to_vec())));
        for _ in 0..2 {
            let before = Stored::of(&machine).looks();
            let content = Stored::of(&machine).place().unwrap().receipt;
            machine.apply(ItemWritten { content, written });
            assert_eq!(look(&mut machine, before), Verdict::ReadAgain);
        }
    }
}
