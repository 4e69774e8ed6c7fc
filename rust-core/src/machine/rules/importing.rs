//! Another library's session was written into the store.

use super::super::event::SignInWay;
use super::super::input::{ImportRenewed, Imported};
use super::super::outcome::{Effects, Verdict};
use super::super::phase::Phase;
use super::super::provenance::SignInName;
use super::super::revocations;
use super::super::state::Machine;
use super::merging::{take_over, wait_further};

/// The imported session becomes the session.
pub(crate) fn take_imported(machine: &mut Machine, mut input: Imported, effects: &mut Effects) -> Verdict {
    note_import(machine, &input);
    input.session.discovery.clone_from(&machine.discovery);
    let pending = revocations::of_others(machine.phase.revocations(), &input.session.subject);
    let verdict = take_over(machine, Phase::Session(input.session), SignInWay::Migration, effects);
    wait_further(machine, pending);
    verdict
}

/// The renewed tokens exist nowhere else. They are kept until it is known whose they are.
pub(crate) fn keep_renewed(machine: &mut Machine, input: ImportRenewed, _: &mut Effects) -> Verdict {
    if let Phase::SignedOut(left) = &mut machine.phase {
        left.renewed_import = input.renewed;
        machine.ledger.change();
    }
    Verdict::Changed
}

/// Meanwhile a user has signed in. That session is newer and overwrites the imported one.
pub(crate) fn keep_sign_in(machine: &mut Machine, input: Imported, _: &mut Effects) -> Verdict {
    note_import(machine, &input);
    machine.ledger.change();
    Verdict::Unchanged
}

fn note_import(machine: &mut Machine, input: &Imported) {
    let sign_in = SignInName::of(&input.session);
    machine.provenance.wrote(Some(input.written), Some(sign_in));
    machine.cooldowns.end_all();
}
