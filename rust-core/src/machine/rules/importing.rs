//! Another library's session was written into the store.

use super::super::event::SignInWay;
use super::super::input::Imported;
use super::super::outcome::{Effects, Verdict};
use super::super::phase::Phase;
use super::super::provenance::SignInName;
use super::super::state::Machine;
use super::merging::take_over;

/// It becomes the session.
pub(crate) fn take_imported(machine: &mut Machine, mut input: Imported, effects: &mut Effects) -> Verdict {
    note_import(machine, &input);
    input.session.discovery.clone_from(&machine.discovery);
    take_over(machine, Phase::Session(input.session), SignInWay::Migration, effects)
}

/// A user has signed in meanwhile, and is newer: that session is written over the imported one.
pub(crate) fn keep_sign_in(machine: &mut Machine, input: Imported, _: &mut Effects) -> Verdict {
    note_import(machine, &input);
    machine.ledger.change();
    Verdict::Unchanged
}

fn note_import(machine: &mut Machine, input: &Imported) {
    let sign_in = SignInName::of(&input.session);
    machine.provenance.note(Some(input.written), Some(sign_in));
    machine.provenance.writes += 1;
    machine.cooldowns.end_all();
}
