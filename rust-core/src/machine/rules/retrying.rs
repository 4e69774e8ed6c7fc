//! When the issuer is asked, asked again, and left alone.

use super::super::cooldown::{RenewalKind, is_of_the_issuer_itself};
use super::super::error::Error;
use super::super::event::{RenewalFailure, SessionEvent};
use super::super::input::{
    AttemptFailed, CooldownEnded, IdTokenMissing, LifetimeShort, RenewalBegun, RenewalFailed, RenewalSucceeded,
    RequestFailed,
};
use super::super::outcome::{Effects, Verdict};
use super::super::retry::RetryPolicy;
use super::super::state::Machine;

/// A renewal begins, unless one of its kind failed a moment ago.
pub(crate) fn begin(machine: &mut Machine, input: RenewalBegun, _: &mut Effects) -> Verdict {
    if let Some(refusal) = machine.cooldowns.refusal(&input.kind, input.now) {
        return Verdict::TooEarly(Box::new(refusal));
    }
    machine.retries = Some(RetryPolicy::from(input.now.monotonic));
    Verdict::Changed
}

/// A request whose answer was lost is sent again.
pub(crate) fn ask_again(machine: &mut Machine, input: RequestFailed, effects: &mut Effects) -> Verdict {
    let is_sent_again = |retries: &mut RetryPolicy| retries.count_lost_answer(&input.error, input.sent, input.now);
    if machine.retries.as_mut().is_some_and(is_sent_again) {
        effects.send_again();
    }
    Verdict::Unchanged
}

/// A transient failure is retried a few times. Then a cooldown begins.
pub(crate) fn fail(machine: &mut Machine, input: RenewalFailed, effects: &mut Effects) -> Verdict {
    try_later(machine, &input, effects);
    Verdict::Unchanged
}

/// The same in a session that has not ended: the failure is announced, if it was this session's.
pub(crate) fn fail_and_report(machine: &mut Machine, input: RenewalFailed, effects: &mut Effects) -> Verdict {
    let is_over = !try_later(machine, &input, effects);
    if machine.session_of(input.generation).is_none() {
        return Verdict::Superseded;
    }
    if is_over && is_worth_reporting(&input.error) {
        let seconds_left = machine.cooldowns.seconds_left(&input.kind, input.now);
        let wait = |seconds| input.now.wall.plus(i64::try_from(seconds).unwrap_or(i64::MAX));
        effects.announce(SessionEvent::RenewalFailed {
            audience: input.kind.audience().map(|audience| audience.identifier.clone()),
            cause: RenewalFailure(Box::new(input.error)),
            retry_at: seconds_left.map(wait),
        });
    }
    Verdict::Unchanged
}

/// False if that was the last attempt.
fn try_later(machine: &mut Machine, input: &RenewalFailed, effects: &mut Effects) -> bool {
    let pause = machine
        .retries
        .as_mut()
        .and_then(|retries| retries.pause_after(&input.error, input.now.monotonic, input.chance));
    match pause {
        Some(pause) => effects.pause(pause),
        None => {
            machine.retries = None;
            // What the issuer refused of an earlier session says nothing about the current one.
            if input.generation == machine.generation || is_of_the_issuer_itself(&input.error) {
                machine
                    .cooldowns
                    .begin(&input.kind, &input.error, input.now, input.chance);
            }
        }
    }
    pause.is_some()
}

/// Errors that end a session, or that are no failure, are announced elsewhere or not at all.
fn is_worth_reporting(error: &Error) -> bool {
    !matches!(error, Error::Reauthenticate(_) | Error::NoSession | Error::ReadOnly)
}

/// There is a token.
pub(crate) fn succeed(machine: &mut Machine, input: RenewalSucceeded, _: &mut Effects) -> Verdict {
    machine.retries = None;
    machine.cooldowns.end(&input.kind);
    Verdict::Changed
}

/// The next call asks the issuer again. The retries stay: they belong to the renewal that may be under way.
pub(crate) fn end_cooldown(machine: &mut Machine, input: CooldownEnded, _: &mut Effects) -> Verdict {
    machine.cooldowns.end(&input.kind);
    Verdict::Changed
}

/// The next renewal would bring no ID token either, so none is sent for that reason for a while.
pub(crate) fn note_missing(machine: &mut Machine, input: IdTokenMissing, _: &mut Effects) -> Verdict {
    let IdTokenMissing {
        generation,
        error,
        now,
        chance,
    } = input;
    if generation != machine.generation {
        return Verdict::Superseded;
    }
    machine.cooldowns.begin(&RenewalKind::IdToken, &error, now, chance);
    Verdict::Changed
}

/// The attempt failed: it is not repeated automatically for a while.
pub(crate) fn fail_attempt(machine: &mut Machine, input: AttemptFailed, _: &mut Effects) -> Verdict {
    let AttemptFailed {
        attempt,
        error,
        now,
        chance,
    } = input;
    machine.cooldowns.begin_attempt(attempt, &error, now, chance);
    Verdict::Unchanged
}

/// The token's lifetime is too short for a caller. The next renewal would bring another such token.
pub(crate) fn note_short(machine: &mut Machine, input: LifetimeShort, _: &mut Effects) -> Verdict {
    let LifetimeShort {
        kind,
        lifetime,
        now,
        chance,
    } = input;
    machine.cooldowns.begin_short(&kind, lifetime, now, chance);
    Verdict::Changed
}
