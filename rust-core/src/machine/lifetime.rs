//! When a session ends by its age. A function of what is known and of the time: nothing is deleted when it passes, so that a
//! clock that was wrong for a while costs nothing but that while.

use crate::model::lifetime::{Lifetime, LifetimeLimits, SessionEnd};
use crate::model::time::Instant;
use crate::storage::envelope::StoredSession;

/// The next end; none where the session has ended already, or nothing limits it.
pub(super) fn end(limits: LifetimeLimits, session: &StoredSession, now: Instant) -> Option<SessionEnd> {
    if session.ended.is_some() {
        return None;
    }
    match &session.lifetime {
        Some(lifetime) => lifetime.end(limits, now),
        None if limits.are_unset() => None,
        None => unknown(session).end(limits, now),
    }
}

/// The age of a new session, where something limits it.
pub(super) fn begin(limits: LifetimeLimits, session: &mut StoredSession, now: Instant) {
    if !limits.are_unset() && session.lifetime.is_none() {
        session.lifetime = Some(Lifetime::begun(now.wall, Some(now.monotonic)));
    }
}

/// The issuer says that the session ends in so many seconds. What it said last counts: the ID token of a renewal may say another
/// moment (IPSIE SL1 OpenID Connect Profile, 3.2.2).
pub(super) fn end_in(session: &mut StoredSession, seconds: u64, now: Instant) {
    let first = session.lifetime.take().unwrap_or_else(|| unknown(session));
    session.lifetime.insert(first).end_in(seconds, now);
}

/// What is stored next says how old the session is now. Not of one that is over: by a wall clock that was wrong at the launch
/// that would be an age for good.
pub(super) fn count(limits: LifetimeLimits, session: &mut StoredSession, now: Instant) -> Option<&mut Lifetime> {
    if end(limits, session, now)?.left.is_zero() {
        return None;
    }
    keep(limits, session);
    let lifetime = session.lifetime.as_mut()?;
    lifetime.count_to(now);
    Some(lifetime)
}

/// Other tokens come: what is known of the age of a session that began before anything limited it is what those say that go.
pub(super) fn keep(limits: LifetimeLimits, session: &mut StoredSession) {
    if !limits.are_unset() && session.lifetime.is_none() {
        session.lifetime = Some(unknown(session));
    }
}

/// A session that began before anything limited it: no more is known than when its tokens came.
fn unknown(session: &StoredSession) -> Lifetime {
    Lifetime::begun(session.credentials.received_at, None)
}
