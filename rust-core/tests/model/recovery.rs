//! Nothing waits for ever: from a state in which nothing happens any more, a working issuer and a working store lead each
//! process to a token, or to a sign-in where the user signed out or the issuer has ended the session.

use std::time::Duration;

use pilotlight_core::machine::{PhaseKind, Tokens};

use crate::action::Action;
use crate::properties::{is_at_rest, phase};
use crate::user::family_of_session;
use crate::world::{NOW, PROCESSES, World};

/// More than any way out takes.
const MOST_STEPS: usize = 400;

/// Why the state is a dead end, if it is one.
pub(crate) fn dead_end(world: &World) -> Option<&'static str> {
    if !is_at_rest(world) {
        return Some("a task waits for ever");
    }
    let mut world = world.clone();
    world.store.is_locked = false;
    world.store.refuses = false;
    for number in 0..PROCESSES {
        world.processes[number].renewals = 0;
        world.left.renewals = 1;
        if world.is_signed_in(number) {
            world.take(Action::BeginRenewal(number));
        }
        if !settles(&mut world, number) {
            return Some("a call does not come to an end");
        }
        if !is_well(&world, number) {
            return Some("no token, though the session has not ended");
        }
    }
    None
}

/// The process takes its steps until there is none left.
fn settles(world: &mut World, number: usize) -> bool {
    world.left.renewals = 1;
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

fn is_well(world: &World, number: usize) -> bool {
    match phase(world, number) {
        PhaseKind::SignedIn => Tokens::of(world.machine(number))
            .access_token(None, Duration::ZERO, NOW)
            .is_some(),
        PhaseKind::SignedOut => true,
        PhaseKind::Ended => {
            let session = world.machine(number).session();
            session.is_some_and(|session| !world.issuer.is_alive(family_of_session(session)))
        }
        PhaseKind::Unread | PhaseKind::Locked => false,
    }
}
