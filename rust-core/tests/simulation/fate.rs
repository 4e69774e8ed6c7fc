//! The events of a run: a story from the first sign-in to a calm end, and the faults in between.

use std::sync::Arc;
use std::time::Duration;

use pilotlight_core::machine::error::Error;
use pilotlight_core::model::state::SessionState;
use pilotlight_core::session::TokenOptions;

use crate::ports::View;
use crate::process::{User, populate, start};
use crate::rules::Held;
use crate::server::{Cause, Who};
use crate::world::{World, name_of};

/// How many actions the users of one process take in a run.
const ACTIONS: u32 = 14;
/// Longer than any cooldown.
const REST: Duration = Duration::from_secs(400);

/// The whole run.
pub(crate) async fn story(world: Arc<World>) {
    let first = start(&world, 0);
    let _ = first.restore().await;
    first.sign_in().await;
    world.state().processes[0].seen.read_nothing = false;
    if !matches!(first.manager.state(), Some(SessionState::SignedIn { .. })) {
        world.state().blame("the first sign-in failed".to_owned());
        return;
    }
    let count = world.state().processes.len();
    for process in 0..count {
        let user = if process == 0 {
            first.clone()
        } else {
            start(&world, process)
        };
        world.state().processes[process].actions_left = ACTIONS;
        populate(&user);
    }
    drop(first);
    world.state().is_calm = false;
    while blow(&world).await {}
    calm(&world).await;
}

/// One moment of fate; false if the users have finished their actions.
async fn blow(world: &Arc<World>) -> bool {
    let longest = [5, 60, 3000][world.random().below(3) as usize];
    world.pause_up_to(Duration::from_secs(longest)).await;
    let profile = world.state().profile.clone();
    let count = world.state().processes.len();
    let process = world.random().below(count as u64) as usize;
    let is_closed = world.random().chance(profile.store_closed);
    let is_offline = world.random().chance(profile.offline);
    {
        let mut state = world.state();
        (state.store_is_closed, state.is_offline) = (is_closed, is_offline);
    }
    world.trace(|| format!("fate: store closed {is_closed}, offline {is_offline}"));
    if world.random().chance(profile.clock_jump) {
        jump(world, process);
    }
    if world.random().chance(profile.freeze) {
        suspend(world, process);
    }
    if world.random().chance(profile.revocation_by_issuer) {
        let mut state = world.state();
        let last = state.server.families.len() - 1;
        state.server.end(last, Cause::RevokedByIssuer);
        drop(state);
        world.trace(|| "fate: the issuer ends the session".to_owned());
    }
    for process in 0..count {
        let (is_alive, is_done) = {
            let state = world.state();
            let process = &state.processes[process];
            (process.is_alive, process.actions_left == 0 && process.actors == 0)
        };
        if !is_alive && !is_done {
            populate(&start(world, process));
        }
    }
    let state = world.state();
    state
        .processes
        .iter()
        .any(|process| process.actions_left > 0 || process.actors > 0)
}

fn jump(world: &World, process: usize) {
    let year = 365 * 24 * 3600;
    let far = [-30 * year, -7200, -90, 90, 7200, 30 * year, 0][world.random().below(7) as usize];
    let mut state = world.state();
    state.processes[process].wall_ahead = far;
    state.figures.clock_jumps += 1;
    drop(state);
    world.trace(|| format!("fate: the clock of {} is {far} s ahead", name_of(process)));
}

/// Like iOS: the process is notified, releases its lock, and stops for a while.
pub(crate) fn suspend(world: &Arc<World>, process: usize) {
    let (manager, who) = {
        let state = world.state();
        let suspended = &state.processes[process];
        (
            suspended.manager.clone(),
            Who {
                process,
                start: suspended.start,
            },
        )
    };
    let Some(manager) = manager.filter(|_| !world.scheduler.is_frozen(process)) else {
        return;
    };
    let mut state = world.state();
    state.figures.freezes += 1;
    if state.locks.values().any(|(holder, _)| *holder == who) {
        state.figures.without_lock += 1;
        if let Some(seen) = state.seen(who) {
            seen.is_without_lock = true;
        }
    }
    drop(state);
    manager.release_process_lock();
    world.trace_of(who, || "suspended".to_owned());
    world.scheduler.freeze(process);
    let world = Arc::clone(world);
    let thaw = Arc::clone(&world);
    world.spawn(Box::pin(async move {
        thaw.pause_up_to(Duration::from_secs(1200)).await;
        thaw.trace_of(who, || "goes on".to_owned());
        let now = thaw.now();
        if let Some(seen) = thaw.state().seen(who) {
            seen.thawed_at = now;
        }
        if thaw.state().is_alive(who) {
            thaw.scheduler.thaw(process);
        }
    }));
}

/// Everything works again: now every session that was not ended must exist and work.
async fn calm(world: &Arc<World>) {
    {
        let mut state = world.state();
        (state.is_calm, state.store_is_closed, state.is_offline) = (true, false, false);
        for process in &mut state.processes {
            process.wall_ahead = 0;
        }
    }
    world.trace(|| "all is calm".to_owned());
    let count = world.state().processes.len();
    let now = world.now();
    for process in 0..count {
        world.scheduler.thaw(process);
        world.state().processes[process].seen.thawed_at = now;
    }
    world.pause(REST).await;
    let mut users = Vec::new();
    for process in 0..count {
        let running = world.state().processes[process].manager.clone();
        let user = match running {
            Some(manager) => {
                let start = world.state().processes[process].start;
                let (world, who) = (Arc::clone(world), Who { process, start });
                let view = View { world, who };
                User { view, manager }
            }
            None => start(world, process),
        };
        let _ = user.restore().await;
        users.push(user);
    }
    world.state().must_be_good();
    for _round in 0..2 {
        for user in &users {
            check(world, user).await;
        }
    }
}

async fn check(world: &World, user: &User) {
    let restored = user.restore().await;
    let name = name_of(user.view.who.process);
    let forced = TokenOptions {
        force_refresh: true,
        ..TokenOptions::default()
    };
    let outcome = user.token(forced).await;
    let now = world.now();
    let mut state = world.state();
    let reads_only = state.processes[user.view.who.process].reads_only;
    let stored = state.stored();
    let profile = state.profile.clone();
    match (&outcome, &stored) {
        (
            Ok(()),
            Held::Session {
                token: Some(token),
                is_ended: false,
                ..
            },
        ) => {
            if !state.server.is_usable(token, &profile, now) {
                state.blame(format!(
                    "at the end process {name} has a token and the store does not have its refresh token"
                ));
            }
        }
        (Err(Error::ReadOnly), _) if reads_only => {}
        // Checked when it was published.
        (Err(Error::NoSession), Held::Nothing | Held::SignedOut) => {}
        (Err(Error::Reauthenticate(_)), Held::Session { is_ended: true, .. }) => {}
        (outcome, stored) => {
            let problem = format!(
                "at the end process {name} gets {outcome:?}, restored {restored:?}, the store holds {stored:?}"
            );
            state.blame(problem);
        }
    }
}
