//! Runs the checker over a world, and prints its results.

use std::num::NonZero;
use std::time::Instant;

use stateright::{Checker, HasDiscoveries, Model, Property};

use crate::action::Action;
use crate::bounds::Bounds;
use crate::counterexample::Counterexample;
use crate::properties::PROMISES;
use crate::recovery::{WAY_ON, dead_end};
use crate::walk::walk;
use crate::world::World;

/// How many states of each world a run of all tests visits; the lane `model` visits more.
const FEW_STATES: usize = 20_000;
/// Before that, one random step for this many states, and never more than these.
const STATES_PER_RANDOM_STEP: usize = 5;
const MOST_RANDOM_STEPS: usize = 2_000_000;

/// How many states to visit: `PILOTLIGHT_MODEL_STATES`, a number, or `all`.
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
                    Property::sometimes("a renewal is stored", |_, world: &World| !world.history.renewed.is_empty()),
                ]
            };
        }
        promise!(0 1 2 3 4 5 6 7 8 9 10 11)
    }
}

/// # Panics
/// With a readable sequence of steps, if a promise is broken.
pub(crate) fn check(name: &str, bounds: &Bounds, most_states: Option<usize>) {
    let began = Instant::now();
    let steps = most_states.map_or(MOST_RANDOM_STEPS, |states| states / STATES_PER_RANDOM_STEP);
    if let Some(way) = walk(bounds, steps.min(MOST_RANDOM_STEPS)) {
        report(name, bounds, way);
    }
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let mut checker = Session(bounds.clone()).checker().threads(threads);
    if let Some(states) = most_states {
        checker = checker.target_state_count(states);
    }
    let checker = checker.finish_when(HasDiscoveries::AnyFailures).spawn_dfs().join();
    let promises = PROMISES.iter().map(|(promise, _)| *promise);
    let broken = promises
        .chain([WAY_ON])
        .find_map(|property| checker.discovery(property));
    if let Some(path) = broken {
        report(name, bounds, path.into_actions());
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

fn report(name: &str, bounds: &Bounds, way: Vec<Action>) -> ! {
    let found = Counterexample::shortest(bounds, way);
    panic!(
        "{name} ({bounds:?}): broken: {}\n{}\nafter {} steps\n{}",
        found.promise,
        found.why,
        found.steps.len(),
        found.to_lines().join("\n")
    );
}
