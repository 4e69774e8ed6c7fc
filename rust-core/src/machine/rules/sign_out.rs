//! The user signs out, and the tokens are revoked.

use std::mem;

use super::super::cooldown::Attempt;
use super::super::event::SessionEvent;
use super::super::input::{RevocationEnded, SignedOut, TokenOrphaned};
use super::super::outcome::{Effects, Verdict};
use super::super::phase::Phase;
use super::super::provenance::Departure;
use super::super::retry::is_passing;
use super::super::revocations;
use super::super::state::Machine;
use super::super::stored::Stored;
use crate::storage::envelope::{self, PendingRevocation};

/// The user of this session signs out. The refresh token and the device secret are revoked now, and kept until that has
/// succeeded.
pub(crate) fn leave(machine: &mut Machine, input: SignedOut, effects: &mut Effects) -> Verdict {
    let Phase::Session(session) = mem::take(&mut machine.phase) else {
        return Verdict::Unchanged;
    };
    // A sign-in that was never stored has left an older one in the store.
    let replaced = machine.provenance.seen_sign_in.clone();
    machine.departure = Departure::from(&session);
    replaced.into_iter().for_each(|sign_in| machine.departure.add(sign_in));
    sign_out(machine, revocations::after(&session, input.at));
    announce(machine, effects);
    effects.revoke(session.credentials.refresh_token);
    effects.revoke_device_secret(session.device_secret);
    Verdict::Changed
}

/// The user signs out before the store could be read. The sign-out applies to whatever the store turns out to hold.
pub(crate) fn leave_unknown(machine: &mut Machine, _: SignedOut, effects: &mut Effects) -> Verdict {
    machine.departure = Departure::default();
    sign_out(machine, Vec::new());
    announce(machine, effects);
    Verdict::Changed
}

/// The user signs out once more. That is not announced, but the stored item is removed again.
pub(crate) fn stay_signed_out(machine: &mut Machine, input: SignedOut, _: &mut Effects) -> Verdict {
    let mut pending = machine.phase.revocations().to_vec();
    if let Some(import) = Stored::of(machine).renewed_import()
        && let Some(unfinished) = revocations::of_import(import, input.at)
    {
        revocations::add(&mut pending, unfinished);
    }
    sign_out(machine, pending);
    Verdict::Changed
}

fn sign_out(machine: &mut Machine, pending: Vec<PendingRevocation>) {
    machine.provenance.unreadable = None;
    machine.ledger.change();
    machine.begin_generation(Phase::SignedOut(envelope::SignedOut::with(pending)));
}

fn announce(machine: &mut Machine, effects: &mut Effects) {
    let event = SessionEvent::SignedOut { elsewhere: false };
    let (ledger, announcements) = (&machine.ledger, &mut machine.announcements);
    announcements.add(ledger.current(), event, ledger, effects);
}

/// A token that no session has is to be revoked. It is not revoked if its user is signed in again; see
/// [`revocations::of_others`].
pub(crate) fn keep_orphan(machine: &mut Machine, input: TokenOrphaned, _: &mut Effects) -> Verdict {
    let signed_in = machine.session().map(|session| &session.subject);
    if signed_in.is_some() && signed_in == input.orphan.subject.as_ref() {
        return Verdict::Superseded;
    }
    revocations::add(&mut machine.orphans, input.orphan);
    Verdict::Unchanged
}

/// The token was revoked, or the issuer will never revoke it. After a transient failure the token is kept for later,
/// and stored if it was not. Those that have waited too long are forgotten then, and not before: by a clock that was
/// wrong, a sign-out of a moment ago is years old.
pub(crate) fn settle_revocation(machine: &mut Machine, input: RevocationEnded, _: &mut Effects) -> Verdict {
    if input.failure.as_ref().is_some_and(is_passing) {
        return change_revocations(machine, |pending, orphans| {
            mem::take(orphans)
                .into_iter()
                .for_each(|orphan| revocations::add(pending, orphan));
            pending.retain(|pending| revocations::is_current(pending, input.at));
        });
    }
    machine.cooldowns.end_attempt(Attempt::Revocation);
    machine.orphans.retain(|orphan| orphan.token != input.token);
    change_revocations(machine, |pending, _| {
        pending.retain(|pending| pending.token != input.token)
    })
}

/// Changes what waits, given the orphans. While the store has not been read, they wait in memory.
fn change_revocations(
    machine: &mut Machine,
    change: impl FnOnce(&mut Vec<PendingRevocation>, &mut Vec<PendingRevocation>),
) -> Verdict {
    let Some(pending) = machine.phase.revocations_mut() else {
        return Verdict::Unchanged;
    };
    let known = pending.clone();
    change(pending, &mut machine.orphans);
    if *pending == known {
        return Verdict::Unchanged;
    }
    machine.ledger.change();
    Verdict::Changed
}
