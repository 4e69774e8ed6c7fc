//! Another library's session was written into the store.

use super::super::event::SignInWay;
use super::super::input::{ImportRenewed, Imported};
use super::super::outcome::{Effects, Verdict};
use super::super::phase::Phase;
use super::super::provenance::SignInName;
use super::super::revocations;
use super::super::state::Machine;
use super::merging::{take_over, wait_further};
use crate::storage::envelope::PendingRevocation;

/// The imported session becomes the session, unless the user has signed out since the import began.
pub(crate) fn take_imported(machine: &mut Machine, mut input: Imported, effects: &mut Effects) -> Verdict {
    note_import(machine, &input);
    if input.generation != machine.generation {
        return end_imported(machine, input);
    }
    input.session.discovery.clone_from(&machine.discovery);
    let pending = revocations::of_others(machine.phase.revocations(), &input.session.subject);
    let verdict = take_over(machine, Phase::Session(input.session), SignInWay::Migration, effects);
    // Since the session was encoded, some may have been revoked, and others added.
    if let Some(waiting) = machine.phase.revocations_mut().filter(|waiting| **waiting != pending) {
        *waiting = pending;
        machine.ledger.change();
    }
    verdict
}

/// The sign-out is newer than the session, which is in the store. It ends that session too: the item is written again,
/// and the tokens are to be revoked.
fn end_imported(machine: &mut Machine, input: Imported) -> Verdict {
    machine.departure.add(SignInName::of(&input.session));
    machine.ledger.change();
    wait_further(machine, tokens_of(input));
    Verdict::Superseded
}

/// The renewed tokens exist nowhere else. They are kept until it is known whose they are. If the user has signed out
/// since the import began, they are to be revoked.
pub(crate) fn keep_renewed(machine: &mut Machine, input: ImportRenewed, _: &mut Effects) -> Verdict {
    if input.generation != machine.generation {
        let renewed = input.renewed.as_deref();
        let orphan = renewed.and_then(|renewed| revocations::of_import(renewed, renewed.credentials.received_at));
        wait_further(machine, orphan.into_iter().collect());
        return Verdict::Superseded;
    }
    if let Phase::SignedOut(left) = &mut machine.phase {
        left.renewed_import = input.renewed;
        machine.ledger.change();
    }
    Verdict::Changed
}

/// Meanwhile a user has signed in. That session is newer and overwrites the imported one, whose tokens are treated as
/// if the sign-in had replaced it in memory.
pub(crate) fn keep_sign_in(machine: &mut Machine, input: Imported, _: &mut Effects) -> Verdict {
    note_import(machine, &input);
    let Some(held) = machine.session() else {
        return Verdict::Unchanged;
    };
    // Another task of this process has read the imported session from the store already.
    if held.is_same_sign_in(&input.session) {
        return Verdict::Changed;
    }
    let subject = held.subject.clone();
    let replaced = revocations::of_others(&tokens_of(input), &subject);
    machine.ledger.change();
    wait_further(machine, replaced);
    Verdict::Superseded
}

/// What is to be revoked of a session that was imported in vain. What waited before still waits in memory.
fn tokens_of(mut input: Imported) -> Vec<PendingRevocation> {
    input.session.revocations.clear();
    revocations::after(&input.session, input.at)
}

fn note_import(machine: &mut Machine, input: &Imported) {
    let sign_in = SignInName::of(&input.session);
    machine.provenance.wrote(Some(input.written), Some(sign_in));
    machine.cooldowns.end_all();
}
