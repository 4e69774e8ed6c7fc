//! The user's data: the profile, and the changes of the metadata that wait for the network. Also what is kept of the
//! issuer's data.

use super::super::cooldown::Attempt;
use super::super::event::SessionEvent;
use super::super::input::{DiscoveryKnown, NonceKnown, ProfileFetched, UpdateAdded, UpdateRemoved};
use super::super::outcome::{Effects, Verdict};
use super::super::phase::Phase;
use super::super::state::Machine;
use crate::model::pending_update::check_room;

/// The profile is kept with the session that it was requested for.
pub(crate) fn keep_profile(machine: &mut Machine, input: ProfileFetched, effects: &mut Effects) -> Verdict {
    let Some(session) = machine.session_of(input.generation) else {
        return Verdict::Superseded;
    };
    let is_news = !input.profile.says_the_same_as(session.profile.as_deref());
    session.profile = Some(input.profile);
    session.profile_sequence = session.profile_sequence.saturating_add(1);
    let revision = machine.ledger.change();
    if is_news {
        let event = SessionEvent::ProfileChanged;
        machine.announcements.add(revision, event, &machine.ledger, effects);
    }
    Verdict::Changed
}

/// The discovery document is stored with the next write of the session. It can be fetched again, so it causes no write
/// by itself.
pub(crate) fn keep_discovery(machine: &mut Machine, input: DiscoveryKnown, _: &mut Effects) -> Verdict {
    if let Phase::Session(session) = &mut machine.phase {
        session.discovery = Some(input.discovery.clone());
    }
    machine.discovery = Some(input.discovery);
    Verdict::Unchanged
}

/// The next proofs for that server contain the nonce. Like the discovery document, it is stored with the next write of
/// the session.
pub(crate) fn keep_nonce(machine: &mut Machine, input: NonceKnown, _: &mut Effects) -> Verdict {
    machine.proof_nonces.keep(input.nonce);
    Verdict::Unchanged
}

/// Adds one more change that waits, if there is room for it.
pub(crate) fn add_update(machine: &mut Machine, input: UpdateAdded, _: &mut Effects) -> Verdict {
    let Some(session) = machine.session_of(input.generation) else {
        return Verdict::Superseded;
    };
    if let Err(refusal) = check_room(&session.pending_updates, &input.update.changes.0) {
        return Verdict::Refused(Box::new(refusal));
    }
    session.pending_updates.push(input.update);
    machine.ledger.change();
    Verdict::Changed
}

/// Removes a change that no longer waits, if it was there.
pub(crate) fn remove_update(machine: &mut Machine, input: UpdateRemoved, effects: &mut Effects) -> Verdict {
    let Phase::Session(session) = &mut machine.phase else {
        return Verdict::Unchanged;
    };
    let waiting = session.pending_updates.len();
    session.pending_updates.retain(|update| update.id != input.id);
    if session.pending_updates.len() == waiting {
        return Verdict::Unchanged;
    }
    let revision = machine.ledger.change();
    if let Some(event) = input.event {
        machine.cooldowns.end_attempt(Attempt::Update);
        machine.announcements.add(revision, event, &machine.ledger, effects);
    }
    Verdict::Changed
}
