//! Nothing waits for ever: from a state in which nothing more happens, a working issuer and a working store bring each
//! process to a token, or to a sign-in if the user signed out or the issuer has ended the session.

use pilotlight_core::machine::PhaseKind;

use crate::action::Action;
use crate::properties::is_at_rest;
use crate::user::family_of_session;
use crate::world::{PROCESSES, World};

/// The promise.
pub(crate) const WAY_ON: &str = "nothing waits for ever";
/// More steps than any recovery takes.
const MOST_STEPS: usize = 400;

/// Why the state is a dead end, if it is one.
pub(crate) fn dead_end(world: &World) -> Option<&'static str> {
    if !is_at_rest(world) {
        return Some("a task waits for ever");
    }
    let mut world = world.clone();
    world.store.is_locked = false;
    world.store.refuses = false;
    // Cooldowns end.
    world.clock.pass();
    for number in 0..PROCESSES {
        if !settles(&mut world, number) {
            return Some("a call does not come to an end");
        }
        // Each call reads the store first, unless a user is signed in.
        if !world.is_signed_in(number)
            && let Ok(found) = world.look(number)
        {
            world.merge(number, &found);
        }
        if world.is_signed_in(number) {
            world.take(Action::BeginRenewal(number));
        }
        if !settles(&mut world, number) {
            return Some("a call does not come to an end");
        }
        if let Some(why) = is_stuck(&world, number) {
            return Some(why);
        }
    }
    None
}

/// The process takes its steps until none is left.
fn settles(world: &mut World, number: usize) -> bool {
    world.left.renewals = 0;
    world.left.leases = 0;
    for _ in 0..MOST_STEPS {
        let mut steps = Vec::new();
        world.steps_of(number, &mut steps);
        match steps.last() {
            Some(step) => world.take(*step),
            None => return true,
        }
    }
    false
}

fn is_stuck(world: &World, number: usize) -> Option<&'static str> {
    let machine = world.machine(number);
    match machine.phase_kind() {
        PhaseKind::SignedIn if world.is_over(number) => None,
        PhaseKind::SignedIn if world.access_token(number, world.now()).is_none() => {
            Some("no token, though the session has not ended")
        }
        PhaseKind::Ended
            if machine
                .session()
                .is_some_and(|session| world.issuer.is_alive(family_of_session(session))) =>
        {
            Some("the session has ended here, though its refresh token is alive")
        }
        PhaseKind::Unread | PhaseKind::Locked => Some("the store is not read"),
        _ => None,
    }
}
