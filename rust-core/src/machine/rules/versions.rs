//! Merges two versions of one sign-in: ours, and the one that another process left in the store.

use std::cmp::Ordering;
use std::mem;

use super::super::announcements::differences;
use super::super::event::SessionEvent;
use super::super::outcome::{Effects, Verdict};
use super::super::phase::Phase;
use super::super::provenance::{Provenance, update_ids};
use super::super::revocations;
use super::super::state::Machine;
use crate::model::audience::{self, AudienceToken};
use crate::model::pending_update;
use crate::model::profile::Profile;
use crate::model::time::Timestamp;
use crate::storage::envelope::{PendingRevocation, StoredSession};

/// Merges two versions of one session: the later tokens and the later profile win.
pub(super) fn merge_writings(machine: &mut Machine, mut found: Box<StoredSession>, effects: &mut Effects) -> Verdict {
    let Phase::Session(mut held) = mem::take(&mut machine.phase) else {
        return Verdict::Unchanged;
    };
    let order = version(&found).cmp(&version(&held));
    let takes_tokens = order.is_gt();
    // These stay with the session, whichever version has the later tokens. Both versions get them.
    let has_newer_profile = merge_profiles(&mut held, &mut found);
    merge_lifetimes(&mut held, &mut found, takes_tokens);
    merge_keys(machine, &mut held, &mut found, takes_tokens);
    merge_updates(machine, &mut held, &mut found);
    merge_revocations(machine, &mut held, &mut found);
    // This release only keeps what a newer release added, so the stored members are the later ones.
    held.unknown.clone_from(&found.unknown);
    let mut news = Vec::new();
    match order {
        Ordering::Greater => {
            news = take_tokens(machine, &held, &mut found);
            held = found;
        }
        Ordering::Equal => {}
        // Another process has replaced the current version with an outdated one.
        Ordering::Less => drop(machine.ledger.change()),
    }
    if has_newer_profile {
        news.push(SessionEvent::ProfileChanged);
    }
    machine.phase = Phase::Session(held);
    for event in news {
        machine.announcements.announce(event, effects);
    }
    if takes_tokens {
        Verdict::Changed
    } else {
        Verdict::Unchanged
    }
}

/// What makes one version later than another. Two renewals with one refresh token happen without the lock, or if the
/// tokens of the first could not be written at once. The later renewal has the newest refresh token; an end that
/// contradicts it does not count. Of one renewal, the later version is the one whose tokens were checked.
fn version(session: &StoredSession) -> (u64, bool, Timestamp, bool) {
    let received_at = session.credentials.received_at;
    (
        session.sequence,
        session.ended.is_none(),
        received_at,
        session.is_checked(),
    )
}

/// The stored version has the later tokens, and becomes the session. Returns what is new in it.
fn take_tokens(machine: &mut Machine, held: &StoredSession, found: &mut StoredSession) -> Vec<SessionEvent> {
    let has_ended = held.ended.is_some() && !machine.announcements.forget_end();
    let announced_end = machine.announcements.forget_restoration() || has_ended;
    let news = differences(held, found, announced_end);
    machine.announcements.forget_renewals();
    machine.refusals.forget();
    keep_receipts(held, found);
    keep_further_tokens(held, found);
    if !held.credentials.has_the_token_of(&found.credentials) {
        machine.receipt.received = None;
    }
    machine.ledger.took_tokens_from_store();
    news
}

/// The later profile stays. Two processes that fetched one at the same time have given both the same number; then the
/// one that is later by their clocks stays. True if the stored one is later and says something else.
fn merge_profiles(held: &mut StoredSession, found: &mut StoredSession) -> bool {
    let age = |session: &StoredSession| {
        let fetched_at = session.profile.as_ref()?.fetched_at;
        Some((session.profile_sequence, fetched_at))
    };
    let takes_profile = age(found) >= age(held);
    let latest = held.profile_sequence.max(found.profile_sequence);
    (held.profile_sequence, found.profile_sequence) = (latest, latest);
    if !takes_profile {
        found.profile.clone_from(&held.profile);
        return false;
    }
    let ours = mem::replace(&mut held.profile, found.profile.clone());
    let is_news = |profile: &Profile| !profile.says_the_same_as(ours.as_deref());
    found.profile.as_deref().is_some_and(is_news)
}

/// A key is stored before the first request that proves possession of it, and the tokens of that request are bound to
/// it. Therefore the key stays, even if the answer was lost or the newer version does not contain the key. Of two keys,
/// the key of the newer tokens stays; if the tokens are the same, the stored key, which may have been used already.
fn merge_keys(machine: &mut Machine, held: &mut StoredSession, found: &mut StoredSession, takes_tokens: bool) {
    let is_of_the_same_tokens = held.sequence == found.sequence && !held.credentials.is_bound;
    let (ours, theirs) = (&mut held.credentials.proof_key, &mut found.credentials.proof_key);
    if takes_tokens {
        if theirs.is_none() && ours.is_some() {
            theirs.clone_from(ours);
            machine.ledger.change();
        }
    } else if theirs.is_some() && (ours.is_none() || is_of_the_same_tokens) {
        ours.clone_from(theirs);
    }
}

/// The session's age from both versions: one sign-in has one age, whichever version has the later tokens. The issuer's
/// end is that of the later tokens.
fn merge_lifetimes(held: &mut StoredSession, found: &mut StoredSession, takes_tokens: bool) {
    let their_end = found.lifetime.as_ref().and_then(|lifetime| lifetime.ends_seconds);
    let mut merged = match (held.lifetime.take(), found.lifetime.take()) {
        (Some(mut ours), Some(theirs)) => {
            ours.merge(&theirs);
            Some(ours)
        }
        (ours, theirs) => ours.or(theirs),
    };
    if takes_tokens && let Some(lifetime) = &mut merged {
        lifetime.ends_seconds = their_end;
    }
    (held.lifetime, found.lifetime) = (merged.clone(), merged);
}

/// If a token for a further audience was already here, the time when it was received is kept.
fn keep_receipts(held: &StoredSession, found: &mut StoredSession) {
    for token in &mut found.audience_tokens {
        let same = |ours: &&AudienceToken| {
            ours.audience == token.audience && ours.credentials.has_the_token_of(&token.credentials)
        };
        token.received = held.audience_tokens.iter().find(same).and_then(|ours| ours.received);
    }
}

/// A renewal in another process ends none of our tokens for further audiences. The stored item contains only the newest
/// of them.
fn keep_further_tokens(held: &StoredSession, found: &mut StoredSession) {
    if found.ended.is_some() {
        return;
    }
    // Tokens that are bound to a different key are dropped: possession of that key can no longer be proved.
    let is_same_key = held.credentials.proof_key == found.credentials.proof_key;
    let mut kept = held.audience_tokens.clone();
    kept.retain(|token| is_same_key || !token.credentials.is_bound);
    audience::add_older(&mut found.audience_tokens, &kept);
}

pub(super) fn merge_updates(machine: &mut Machine, held: &mut StoredSession, found: &mut StoredSession) {
    let base = mem::replace(&mut machine.provenance.stored_updates, update_ids(Some(found)));
    let (ours, theirs) = (&mut held.pending_updates, &mut found.pending_updates);
    let merged = pending_update::merge(&base, mem::take(ours), mem::take(theirs));
    (*ours, *theirs) = (merged.clone(), merged);
}

fn merge_revocations(machine: &mut Machine, held: &mut StoredSession, found: &mut StoredSession) {
    let (ours, theirs) = (&mut held.revocations, &mut found.revocations);
    let merged = merged_revocations(&mut machine.provenance, mem::take(ours), mem::take(theirs));
    (*ours, *theirs) = (merged.clone(), merged);
}

/// Ours and those that were read from the store.
pub(super) fn merged_revocations(
    provenance: &mut Provenance,
    ours: Vec<PendingRevocation>,
    theirs: Vec<PendingRevocation>,
) -> Vec<PendingRevocation> {
    let base = mem::replace(&mut provenance.stored_revocations, revocations::tokens(&theirs));
    revocations::merge(&base, ours, theirs)
}
