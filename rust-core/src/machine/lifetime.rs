//! When a session ends by its age. The end is computed from what is known and from the time. Nothing is deleted when it
//! passes, so a clock that was wrong for a while does harm only during that while.

use crate::model::lifetime::{Lifetime, LifetimeLimits, SessionEnd};
use crate::model::time::Instant;
use crate::storage::envelope::StoredSession;

/// The next end; none if the session has ended already, or if nothing limits it.
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

/// Sets the age of a new session, if something limits it.
pub(super) fn begin(limits: LifetimeLimits, session: &mut StoredSession, now: Instant) {
    if !limits.are_unset() && session.lifetime.is_none() {
        session.lifetime = Some(Lifetime::begun(now.wall, Some(now.monotonic)));
    }
}

/// The issuer says that the session ends in this many seconds. The latest statement counts: the ID token of a renewal
/// may name another moment (IPSIE SL1 OpenID Connect Profile, 3.2.2).
pub(super) fn end_in(session: &mut StoredSession, seconds: u64, now: Instant) {
    let first = session.lifetime.take().unwrap_or_else(|| unknown(session));
    session.lifetime.insert(first).end_in(seconds, now);
}

/// Counts the age up to now, for the next write. The age of a session that is already over is not counted: if the wall
/// clock was wrong at launch, that would make the wrong age permanent.
pub(super) fn count(limits: LifetimeLimits, session: &mut StoredSession, now: Instant) -> Option<&mut Lifetime> {
    if end(limits, session, now)?.left.is_zero() {
        return None;
    }
    keep(limits, session);
    let lifetime = session.lifetime.as_mut()?;
    lifetime.count_to(now);
    Some(lifetime)
}

/// New tokens replace the old ones. If the session began before anything limited it, the old tokens are the only
/// evidence of its age, so the age is taken from them first.
pub(super) fn keep(limits: LifetimeLimits, session: &mut StoredSession) {
    if !limits.are_unset() && session.lifetime.is_none() {
        session.lifetime = Some(unknown(session));
    }
}

/// The age of a session that began before anything limited it: only the time when its tokens came is known.
fn unknown(session: &StoredSession) -> Lifetime {
    Lifetime::begun(session.credentials.received_at, None)
}
