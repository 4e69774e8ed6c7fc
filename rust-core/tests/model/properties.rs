//! The promises, as properties of a state. Each is named by its number; `broken` says which one a state breaks.

use pilotlight_core::model::state::SessionState;
use pilotlight_core::storage::envelope::StoredSession;

use crate::issuer::{Family, family_of, name_of};
use crate::reader::outlived_lease;
use crate::user::family_of_session;
use crate::world::{PROCESSES, World};

/// A promise, and a function that finds out whether a state breaks it.
pub(crate) type Promise = (&'static str, fn(&World) -> Option<&'static str>);

pub(crate) const PROMISES: [Promise; 12] = [
    (
        "1: a session ends only when the user signs out or the issuer says so",
        |world| noted(world, '1').or_else(|| ended_while_alive(world)),
    ),
    (
        "2: a rotated refresh token is stored before anything else can fail",
        |world| noted(world, '2').or_else(|| lost_token(world)),
    ),
    (
        "3: no refresh token is spent while its successor cannot be stored",
        |world| noted(world, '3'),
    ),
    (
        "4: one renewal at a time; a spent token is sent only for a lost answer",
        |world| noted(world, '4').or_else(|| two_requests(world)),
    ),
    ("5: a late answer never touches a newer session", |world| {
        noted(world, '5')
            .or_else(|| tokens_of_another_sign_in(world))
            .or_else(|| stays_signed_in(world))
    }),
    ("6: a locked device is locked, not signed out", |world| {
        locked_is_signed_out(world)
    }),
    ("9: a wrong or stopped clock logs nobody out", |world| {
        noted(world, '9').or_else(|| ended_by_clock(world))
    }),
    ("10: nothing that was not checked is given out", |world| {
        unchecked_token(world)
    }),
    (
        "changes of the metadata: in order, none lost, each its own user's",
        |world| {
            noted(world, 'c')
                .or_else(|| lost_change(world))
                .or_else(|| changes_out_of_order(world))
        },
    ),
    ("events: each follows from the one before", |world| noted(world, 'e')),
    (
        "leases: a copy of a token is given out only while the core would give it",
        |world| noted(world, 'l').or_else(|| outlived_lease(world)),
    ),
    ("a session past its end gives no token and renews none", |world| {
        noted(world, 'a').or_else(|| lasts_too_long(world))
    }),
];

/// The first promise that this state breaks, and how.
pub(crate) fn broken(world: &World) -> Option<(&'static str, &'static str)> {
    let mut promises = PROMISES.iter();
    promises.find_map(|(promise, broken)| Some((*promise, broken(world)?)))
}

/// What a step has recorded.
fn noted(world: &World, number: char) -> Option<&'static str> {
    let is_of = |words: &&str| words.starts_with(number) && !words[1..].starts_with(char::is_numeric);
    world.history.broken.filter(is_of)
}

fn in_memory(world: &World) -> impl Iterator<Item = &StoredSession> {
    (0..PROCESSES).filter_map(|number| world.machine(number).session())
}

/// The stored session may have ended only if its refresh token is dead, or if a suspended process, which has no lock,
/// was refused while another process renewed, which has the newest token and will write it.
fn ended_while_alive(world: &World) -> Option<&'static str> {
    let ended = world.store.session().filter(|session| session.ended.is_some());
    let is_overtaken_by_another = |family| world.history.excused.contains(&family) && is_held(world, family);
    ended
        .map(family_of_session)
        .is_some_and(|family| world.issuer.is_alive(family) && !is_overtaken_by_another(family))
        .then_some("1: a session has ended though its refresh token is alive")
}

/// Unless an answer was lost or a process crashed with it, some process has the newest refresh token.
fn lost_token(world: &World) -> Option<&'static str> {
    let is_lost = |family: &Family| {
        let history = &world.history;
        world.issuer.is_alive(*family)
            && !history.excused.contains(family)
            && !history.has_left(*family)
            && !history.superseded.contains(family)
            && history.stored.contains(family)
            && !is_held(world, *family)
            && !is_replaced_in_memory(world, *family)
    };
    let mut families = world.issuer.families();
    families
        .any(|family| is_lost(&family))
        .then_some("2: nobody has the newest refresh token")
}

/// A process has the tokens of a step-up instead.
fn is_replaced_in_memory(world: &World, family: Family) -> bool {
    let mut held = in_memory(world).map(family_of_session);
    held.any(|by| world.history.replaced.contains(&(family, by)))
}

fn is_held(world: &World, family: Family) -> bool {
    let sessions = in_memory(world).chain(world.store.session());
    let mut tokens = sessions.filter_map(|session| session.credentials.refresh_token.as_ref());
    let mut under_way = world
        .processes
        .iter()
        .filter_map(|process| process.renewal.as_ref()?.family());
    tokens.any(|token| family_of(token) == family && world.issuer.is_current(token))
        || under_way.any(|other| other == family)
}

/// Both processes have a request in flight, and none was suspended.
fn two_requests(world: &World) -> Option<&'static str> {
    let sent = |number: usize| world.processes[number].renewal.as_ref()?.family();
    let (one, other) = (sent(0)?, sent(1)?);
    (one == other && !world.history.excused.contains(&one)).then_some("4: two renewals of one session are under way")
}

/// Tokens and session always belong to the same sign-in.
fn tokens_of_another_sign_in(world: &World) -> Option<&'static str> {
    let differs = |session: &StoredSession| {
        let token = session.credentials.refresh_token.as_ref();
        token.is_some_and(|token| family_of(token) != family_of_session(session))
    };
    in_memory(world)
        .chain(world.store.session())
        .any(differs)
        .then_some("5: a session has another sign-in's tokens")
}

/// A process never again shows a session that its user has left there.
fn stays_signed_in(world: &World) -> Option<&'static str> {
    let is_back = |number: usize| {
        let session = world.machine(number).session().map(family_of_session);
        session.is_some() && session == world.processes[number].left
    };
    (0..PROCESSES)
        .any(is_back)
        .then_some("5: a session that its user has left is there again")
}

/// A store that was never read is not a sign-out.
fn locked_is_signed_out(world: &World) -> Option<&'static str> {
    let is_wrong = |number: usize| {
        let process = &world.processes[number];
        !process.knows && matches!(process.machine.state(world.now()), Some(SessionState::SignedOut))
    };
    (0..PROCESSES)
        .any(is_wrong)
        .then_some("6: signed out, though the store was never read")
}

/// Whether the session's age does not depend on a wall clock in this process, or nothing limits it. Just after it was
/// read, it does.
fn counts_alone(world: &World, number: usize) -> bool {
    let session = world.machine(number).session();
    let lifetime = session.and_then(|session| session.lifetime.as_ref());
    world.left.lifetime.is_none() || lifetime.is_some_and(|lifetime| lifetime.counted_from.is_some())
}

/// Whatever the wall clock shows, a session with a refresh token continues, a call may be made some hours after a
/// failure, and a token that this process received is not given out after its lifetime.
fn ended_by_clock(world: &World) -> Option<&'static str> {
    for number in 0..PROCESSES {
        let process = &world.processes[number];
        let hours = world.clock.hours;
        let is_renewable =
            world.is_signed_in(number) && world.machine(number).session()?.credentials.refresh_token.is_some();
        let has_its_end = world.is_over(number) || !counts_alone(world, number);
        for now in world.clock.readings() {
            if is_renewable
                && !has_its_end
                && !matches!(process.machine.state(now), Some(SessionState::SignedIn { .. }))
            {
                return Some("9: a session is over by the clock alone");
            }
            if process.failed.is_some_and(|hour| hour < hours) && !world.may_renew(number, now) {
                return Some("9: a failure of hours ago still keeps calls from the issuer");
            }
            let given = world.access_token(number, now).map(name_of);
            if process
                .received
                .is_some_and(|(name, hour)| hour < hours && given == Some(name))
            {
                return Some("9: a token is given out after its life");
            }
        }
    }
    None
}

/// Even if another process has renewed it, and after a restart.
fn lasts_too_long(world: &World) -> Option<&'static str> {
    let is_given = |number: usize| {
        let state = world.machine(number).state(world.now());
        let is_signed_in = matches!(state, Some(SessionState::SignedIn { .. }));
        world.is_over(number) && (is_signed_in || world.access_token(number, world.now()).is_some())
    };
    (0..PROCESSES)
        .any(is_given)
        .then_some("age: a session goes on that is over")
}

/// Neither by another process, nor after a restart.
fn unchecked_token(world: &World) -> Option<&'static str> {
    let is_unchecked = |number: usize| {
        let token = world.access_token(number, world.now());
        token.is_some_and(|token| world.history.checked.binary_search(&name_of(token)).is_err())
    };
    (0..PROCESSES)
        .any(is_unchecked)
        .then_some("10: a token is given out that was not checked")
}

fn waits(world: &World, id: usize) -> bool {
    let is_it = |session: &StoredSession| {
        session
            .pending_updates
            .iter()
            .any(|update| usize::try_from(update.id) == Ok(id))
    };
    in_memory(world).chain(world.store.session()).any(is_it)
}

/// A change waits somewhere until it is made, its user has left, or a process crashed before it was stored.
fn lost_change(world: &World) -> Option<&'static str> {
    let mut changes = world.history.changes.iter().enumerate();
    changes
        .any(|(id, change)| !change.is_over && !world.history.gone.contains(&change.family) && !waits(world, id))
        .then_some("changes: one that waited is lost")
}

/// Of two changes that one process made, the later one is made last.
fn changes_out_of_order(world: &World) -> Option<&'static str> {
    if world.history.order_is_unknown {
        return None;
    }
    let made = &world.issuer.changes;
    let maker = |id: u8| world.history.changes[usize::from(id)].maker;
    let is_overtaken = |(place, (user, id)): (usize, &(crate::issuer::User, u8))| {
        let is_older =
            |(other, older): &(crate::issuer::User, u8)| other == user && older < id && maker(*older) == maker(*id);
        made[place + 1..].iter().any(is_older) && !waits(world, usize::from(*id))
    };
    made.iter()
        .enumerate()
        .any(is_overtaken)
        .then_some("changes: an older one was made after a newer one")
}

/// Nothing more will happen, and nothing waits.
pub(crate) fn is_at_rest(world: &World) -> bool {
    world.processes.iter().all(|process| process.is_idle())
}
