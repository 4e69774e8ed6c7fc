//! Runs the checker over a world, and prints what it found.

use std::num::NonZero;
use std::time::Instant;

use stateright::{Checker, Model, Property};

use crate::action::Action;
use crate::bounds::Bounds;
use crate::properties::{PROMISES, broken};
use crate::recovery::dead_end;
use crate::world::World;

/// States of each world that a run of all tests looks at; the lane `model` looks at more.
const FEW_STATES: usize = 20_000;
const WAY_ON: &str = "nothing waits for ever";

/// How many states are looked at: `PILOTLIGHT_MODEL_STATES`, a number, or `all`.
pub(crate) fn states_wanted() -> Option<usize> {
    match std::env::var("PILOTLIGHT_MODEL_STATES") {
        Ok(all) if all == "all" => None,
        Ok(number) => Some(number.parse().expect("PILOTLIGHT_MODEL_STATES is a number, or all")),
        Err(_) => Some(FEW_STATES),
    }
}

struct Session(Bounds);

impl Model for Session {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![World::new(&self.0)]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        actions.extend(world.actions());
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        let mut next = world.clone();
        next.take(action);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        macro_rules! promise {
            ($($number:literal)+) => {
                vec![
                    $(Property::always(PROMISES[$number].0, |_, world: &World| PROMISES[$number].1(world).is_none()),)+
                    Property::always(WAY_ON, |_, world: &World| {
                        !world.actions().is_empty() || dead_end(world).is_none()
                    }),
                    Property::sometimes("a renewal is stored", |_, world: &World| world.history.has_stored_renewal),
                ]
            };
        }
        promise!(0 1 2 3 4 5 6 7 8)
    }
}

/// # Panics
/// With a readable sequence of steps, when a promise is broken.
pub(crate) fn check(name: &str, bounds: &Bounds, most_states: Option<usize>) {
    let began = Instant::now();
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let mut checker = Session(bounds.clone()).checker().threads(threads);
    if let Some(states) = most_states {
        checker = checker.target_state_count(states);
    }
    let checker = checker.spawn_dfs().join();
    let promises = PROMISES.iter().map(|(promise, _)| *promise);
    for property in promises.chain([WAY_ON]) {
        if let Some(path) = checker.discovery(property) {
            let last = path.last_state();
            let why = broken(last).or_else(|| dead_end(last)).unwrap_or("unknown");
            let steps: Vec<_> = path.into_actions().iter().map(|step| format!("  {step:?}")).collect();
            panic!(
                "{name} ({bounds:?}): broken: {property}\n{why}\nafter\n{}",
                steps.join("\n")
            );
        }
    }
    println!(
        "{name}, {:?}: {} distinct states, the longest way {} steps, {} s",
        bounds.rotation,
        checker.unique_state_count(),
        checker.max_depth(),
        began.elapsed().as_secs(),
    );
    if bounds.renewals > 0 {
        checker.assert_any_discovery("a renewal is stored");
    }
}
