//! The promises, as properties of a state.

use std::time::Duration;

use pilotlight_core::machine::{PhaseKind, Tokens};
use pilotlight_core::model::state::SessionState;
use pilotlight_core::storage::envelope::StoredItem;

use crate::issuer::{Family, family_of};
use crate::user::family_of_session;
use crate::world::{NOW, PROCESSES, World};

/// The first promise that this state breaks, in words.
pub(crate) fn broken(world: &World) -> Option<&'static str> {
    world
        .history
        .broken
        .or_else(|| ended_while_alive(world))
        .or_else(|| lost_token(world))
        .or_else(|| tokens_of_another_sign_in(world))
        .or_else(|| locked_is_signed_out(world))
        .or_else(|| unchecked_token(world))
}

/// A session ends only when the issuer says so.
fn ended_while_alive(world: &World) -> Option<&'static str> {
    let Some(StoredItem::Session(session)) = world.store.item() else {
        return None;
    };
    let is_alive = session.ended.is_some() && world.issuer.is_alive(family_of_session(session));
    is_alive.then_some("1: a session has ended though its refresh token is alive")
}

/// A rotated refresh token is stored before anything else can fail: unless an answer was lost or a process crashed with
/// it, somebody has the newest one.
fn lost_token(world: &World) -> Option<&'static str> {
    let is_lost = |family: &Family| {
        let history = &world.history;
        world.issuer.is_alive(*family)
            && !history.excused.contains(family)
            && !history.signed_out.contains(family)
            && has_been_stored(world, *family)
            && !is_held(world, *family)
    };
    let mut families = world.issuer.families();
    families
        .any(|family| is_lost(&family))
        .then_some("2: nobody has the newest refresh token")
}

pub(crate) fn has_been_stored(world: &World, family: Family) -> bool {
    let mut stored = world.history.stored.iter();
    stored.any(|token| family_of(&pilotlight_core::model::secret::Secret::new(token.as_str())) == family)
}

fn is_held(world: &World, family: Family) -> bool {
    let stored = match world.store.item() {
        Some(StoredItem::Session(session)) => session.credentials.refresh_token.as_ref(),
        _ => None,
    };
    let in_memory =
        (0..PROCESSES).filter_map(|number| world.machine(number).session()?.credentials.refresh_token.as_ref());
    let is_newest = |token| family_of(token) == family && world.issuer.is_current(token);
    let under_way = world
        .processes
        .iter()
        .filter_map(|process| process.renewal.as_ref()?.family());
    in_memory.chain(stored).any(is_newest) || under_way.into_iter().any(|other| other == family)
}

/// A late answer never touches a newer session: tokens and session are always one sign-in's.
fn tokens_of_another_sign_in(world: &World) -> Option<&'static str> {
    let in_memory = (0..PROCESSES).filter_map(|number| world.machine(number).session());
    let stored = match world.store.item() {
        Some(StoredItem::Session(session)) => Some(session.as_ref()),
        _ => None,
    };
    let differs = |session: &pilotlight_core::storage::envelope::StoredSession| {
        let tokens = &session.credentials;
        tokens
            .refresh_token
            .as_ref()
            .is_some_and(|token| family_of(token) != family_of_session(session))
    };
    in_memory
        .chain(stored)
        .any(differs)
        .then_some("5: a session has another sign-in's tokens")
}

/// A locked device is locked, not signed out.
fn locked_is_signed_out(world: &World) -> Option<&'static str> {
    let is_wrong = |number: usize| {
        let process = &world.processes[number];
        !process.knows && matches!(process.machine.state(NOW), Some(SessionState::SignedOut))
    };
    (0..PROCESSES)
        .any(is_wrong)
        .then_some("6: signed out, though the store was never read")
}

/// Nothing that was not checked is given out, also by another process or after a restart.
fn unchecked_token(world: &World) -> Option<&'static str> {
    let is_unchecked = |number: usize| {
        let token = Tokens::of(world.machine(number)).access_token(None, Duration::ZERO, NOW);
        token.is_some_and(|token| world.history.checked.binary_search(&token.expose().to_owned()).is_err())
    };
    (0..PROCESSES)
        .any(is_unchecked)
        .then_some("10: a token is given out that was not checked")
}

/// Nothing more will happen, and nothing waits.
pub(crate) fn is_at_rest(world: &World) -> bool {
    world.processes.iter().all(crate::process::Process::is_idle)
}

/// Who is signed in there, or why nobody is.
pub(crate) fn phase(world: &World, number: usize) -> PhaseKind {
    world.machine(number).phase_kind()
}
