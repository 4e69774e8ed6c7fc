//! A user signs in.

use super::super::announcements::arrival;
use super::super::event::SessionEvent;
use super::super::input::SignedIn;
use super::super::lifetime;
use super::super::outcome::{Effects, Verdict};
use super::super::phase::Phase;
use super::super::revocations;
use super::super::state::Machine;
use crate::model::time::Instant;

/// The new session begins. Of the tokens that wait to be revoked, those of other users still wait.
pub(crate) fn enter(machine: &mut Machine, input: SignedIn, effects: &mut Effects) -> Verdict {
    let SignedIn {
        mut session,
        by,
        received,
        ..
    } = input;
    session.revocations = revocations::of_others(machine.phase.revocations(), &session.subject);
    let at = Instant {
        wall: session.credentials.received_at,
        monotonic: received,
    };
    lifetime::begin(machine.limits, &mut session, at);
    // The discovery document is stored again: the sign-in is written anyway.
    session.discovery.clone_from(&machine.discovery);
    let event = arrival(&session, by);
    machine.begin_generation(Phase::Session(session));
    // The user took part, so the issuer can be reached.
    machine.cooldowns.end_all();
    machine.receipt.received = Some(received);
    machine.receipt.renewals += 1;
    machine.provenance.sign_in_was_stored = false;
    let ledger = &mut machine.ledger;
    let revision = ledger.change();
    ledger.brought_tokens();
    ledger.brought_refresh_token();
    machine.announcements.add(revision, event, ledger, effects);
    if input.lacks_refresh_token {
        let event = SessionEvent::RefreshTokenMissing;
        machine.announcements.add(revision, event, ledger, effects);
    }
    Verdict::Changed
}

/// The same, if there already is a session. The waiting changes of the metadata stay if the user is the same: the
/// session had ended, or the user signed in again without a sign-out. The refresh token of another user has to be
/// revoked; that of the same user does not, as above.
pub(crate) fn enter_again(machine: &mut Machine, mut input: SignedIn, effects: &mut Effects) -> Verdict {
    let since = input.session.credentials.received_at;
    if let Phase::Session(before) = &mut machine.phase {
        if before.subject == input.session.subject {
            input.session.pending_updates.clone_from(&before.pending_updates);
        }
        // Stays only if it belongs to another user.
        before.revocations = revocations::after(before, since);
    }
    enter(machine, input, effects)
}
