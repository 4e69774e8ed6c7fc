//! The user of a session authenticates once more.

use super::super::announcements::renewed;
use super::super::event::SessionEvent;
use super::super::input::SteppedUp;
use super::super::lifetime;
use super::super::outcome::{Effects, Verdict};
use super::super::phase::Phase;
use super::super::state::Machine;
use crate::model::time::Instant;
use crate::storage::envelope::Brought;

/// The session continues with the tokens that came. What was kept with it stays: the tokens for other audiences, the
/// profile, waiting changes; and the refresh token with its nonce, if no new one came.
///
/// A refresh token is useless without the key that it is bound to. If the session's refresh token stays and is bound to
/// a different key from that of the new tokens, the step-up is discarded.
///
/// If a new refresh token came, answers to renewals that are under way no longer apply to this session: they would
/// bring tokens of the earlier authentication. If none came, they still apply, because they may bring the successor of
/// the refresh token that stays.
pub(crate) fn step_up(machine: &mut Machine, input: SteppedUp, effects: &mut Effects) -> Verdict {
    let is_other = |held: &str| held != input.session.subject;
    if machine.session().is_none_or(|session| is_other(&session.subject)) {
        return forget_step_up(machine, input, effects);
    }
    let (received, limits) = (input.received, machine.limits);
    let Some(session) = machine.session_of(input.generation) else {
        // The same user has signed in again; see `drop_tokens`.
        return Verdict::Superseded;
    };
    let mut came = input.session.credentials;
    let is_rotated = came.refresh_token.is_some();
    let held_key = &session.credentials.proof_key;
    let is_of_another_key = held_key.is_some() && *held_key != came.proof_key;
    if is_of_another_key && !is_rotated {
        return Verdict::Superseded;
    }
    if is_of_another_key {
        // A renewal has bound the session to another key in the meantime. From now on the session has the key that
        // came.
        session.audience_tokens.retain(|token| !token.credentials.is_bound);
    }
    let had_ended = session.ended.take().is_some();
    if is_rotated {
        session.nonce = input.session.nonce;
        session.resources = input.session.resources;
    } else {
        came.refresh_token = session.credentials.refresh_token.take();
    }
    let at = Instant {
        wall: came.received_at,
        monotonic: received,
    };
    lifetime::keep(limits, session);
    if let Some(seconds) = input.session.lifetime.and_then(|lifetime| lifetime.ends_seconds) {
        lifetime::end_in(session, seconds, at);
    }
    session.credentials = came;
    if let Some(device_secret) = input.session.device_secret {
        session.device_secret = Some(device_secret);
    }
    session.whole_scope = None;
    session.authenticated_at = input.session.authenticated_at.or(session.authenticated_at);
    session.count_version(if is_rotated { Brought::Grant } else { Brought::Less });
    let subject = session.subject.clone();
    if is_rotated {
        machine.generation = machine.generation.next();
        machine.refusals.forget();
    }
    // The user took part, so the issuer can be reached.
    machine.cooldowns.end_all();
    machine.receipt.received = Some(received);
    machine.receipt.renewals += 1;
    let ledger = &mut machine.ledger;
    let revision = ledger.change();
    ledger.brought_tokens();
    ledger.brought_refresh_token();
    let goes_on = had_ended && !machine.announcements.forget_end();
    let restored = goes_on.then_some(SessionEvent::Restored { subject });
    let Phase::Session(session) = &machine.phase else {
        return Verdict::Changed;
    };
    let event = renewed(None, &session.credentials, false);
    for event in restored.into_iter().chain([event]) {
        machine.announcements.add(revision, event, &machine.ledger, effects);
    }
    Verdict::Changed
}

/// Nobody is signed in any more, or another user is. No session has the tokens that came, so they are revoked.
pub(crate) fn forget_step_up(_: &mut Machine, input: SteppedUp, effects: &mut Effects) -> Verdict {
    effects.revoke(input.session.credentials.refresh_token);
    effects.revoke_device_secret(input.session.device_secret);
    Verdict::Superseded
}
