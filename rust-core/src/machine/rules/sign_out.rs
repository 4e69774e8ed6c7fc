//! The user signs out, and what has to be revoked for it.

use std::mem;

use super::super::event::SessionEvent;
use super::super::input::{RevocationEnded, SignedOut};
use super::super::outcome::{Effects, Verdict};
use super::super::phase::Phase;
use super::super::provenance::{Departure, SignInName};
use super::super::retry::is_passing;
use super::super::state::Machine;
use crate::model::secret::Secret;
use crate::model::time::Timestamp;
use crate::storage::envelope::PendingRevocation;

/// More sign-outs than this in a row without the issuer being reached; the oldest tokens have most likely expired.
const MOST_REVOCATIONS: usize = 10;
/// The longest that a refresh token is kept to be revoked. Most have expired by then, and where the app is never started
/// again it should not be kept for ever.
const LONGEST_REVOCATION_SECONDS: i64 = 30 * 24 * 3600;

/// The user of this session signs out. The refresh token is revoked now, and kept until that is done.
pub(crate) fn leave(machine: &mut Machine, input: SignedOut, effects: &mut Effects) -> Verdict {
    let Phase::Session(session) = mem::take(&mut machine.phase) else {
        return Verdict::Unchanged;
    };
    // A sign-in that was never stored has left an older one in the store.
    let replaced = machine.provenance.seen_sign_in.clone();
    machine.departure = Departure::from([SignInName::of(&session)].into_iter().chain(replaced));
    let refresh_token = session.credentials.refresh_token;
    sign_out(machine, Vec::new(), refresh_token.clone(), &input);
    announce(machine, effects);
    effects.revoke(refresh_token);
    Verdict::Changed
}

/// The user signs out before the store could be read: of whatever it holds when it is.
pub(crate) fn leave_unknown(machine: &mut Machine, input: SignedOut, effects: &mut Effects) -> Verdict {
    machine.departure = Departure::default();
    sign_out(machine, Vec::new(), None, &input);
    announce(machine, effects);
    Verdict::Changed
}

/// The user signs out once more. It is no news, but what is stored is removed again.
pub(crate) fn stay_signed_out(machine: &mut Machine, input: SignedOut, _: &mut Effects) -> Verdict {
    let revocations = match mem::take(&mut machine.phase) {
        Phase::SignedOut(revocations) => revocations,
        _ => Vec::new(),
    };
    sign_out(machine, revocations, None, &input);
    Verdict::Changed
}

fn sign_out(
    machine: &mut Machine,
    mut revocations: Vec<PendingRevocation>,
    refresh_token: Option<Secret>,
    input: &SignedOut,
) {
    machine.provenance.unreadable = None;
    machine.ledger.change();
    revocations.extend(refresh_token.map(|refresh_token| PendingRevocation {
        refresh_token,
        since: input.at,
    }));
    let surplus = revocations.len().saturating_sub(MOST_REVOCATIONS);
    revocations.drain(..surplus);
    machine.begin_generation(Phase::SignedOut(revocations));
}

fn announce(machine: &mut Machine, effects: &mut Effects) {
    let event = SessionEvent::SignedOut { elsewhere: false };
    let (ledger, announcements) = (&machine.ledger, &mut machine.announcements);
    announcements.add(ledger.current(), event, ledger, effects);
}

/// The token was revoked, or the issuer will never do it. Passing trouble keeps it for another time.
pub(crate) fn settle_revocation(machine: &mut Machine, input: RevocationEnded, _: &mut Effects) -> Verdict {
    if input.failure.as_ref().is_some_and(is_passing) {
        return Verdict::Unchanged;
    }
    keep_revocations(machine, |pending| pending.refresh_token != input.refresh_token)
}

/// What is too old does not have to be revoked any more.
pub(crate) fn forget_old_revocations(machine: &mut Machine, now: Timestamp) -> Verdict {
    keep_revocations(machine, |pending| {
        now.seconds_since(pending.since) < LONGEST_REVOCATION_SECONDS
    })
}

fn keep_revocations(machine: &mut Machine, keeps: impl Fn(&PendingRevocation) -> bool) -> Verdict {
    let Phase::SignedOut(revocations) = &mut machine.phase else {
        return Verdict::Unchanged;
    };
    let known = revocations.len();
    revocations.retain(keeps);
    if revocations.len() == known {
        return Verdict::Unchanged;
    }
    machine.ledger.change();
    Verdict::Changed
}
