//! Runs the checker over a world, and prints what it found.

use stateright::{Checker, Model, Property};

use crate::action::Action;
use crate::properties::broken;
use crate::recovery::dead_end;
use crate::world::{Bounds, World};

/// States of each world that a run of all tests looks at; the lane `model` looks at more.
const FEW_STATES: usize = 40_000;

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
        vec![
            Property::always("the promises are kept", |_, world: &World| broken(world).is_none()),
            Property::always("there is a way on", |_, world: &World| {
                !world.actions().is_empty() || dead_end(world).is_none()
            }),
            Property::sometimes("a renewal is stored", |_, world: &World| world.history.stored.len() > 1),
        ]
    }
}

/// # Panics
/// With a readable sequence of steps, when a promise is broken.
pub(crate) fn check(name: &str, bounds: &Bounds, most_states: Option<usize>) {
    let mut checker = Session(bounds.clone()).checker().threads(2);
    if let Some(states) = most_states {
        checker = checker.target_state_count(states);
    }
    let checker = checker.spawn_dfs().join();
    for property in ["the promises are kept", "there is a way on"] {
        if let Some(path) = checker.discovery(property) {
            let last = path.last_state();
            let why = broken(last).or_else(|| dead_end(last)).unwrap_or("unknown");
            let steps: Vec<_> = path.into_actions().iter().map(|step| format!("  {step:?}")).collect();
            panic!("{name} ({bounds:?}): {why}\nafter\n{}", steps.join("\n"));
        }
    }
    println!(
        "{name}, overlap {}: {} distinct states, the longest way {} steps",
        if bounds.overlap { "on" } else { "off" },
        checker.unique_state_count(),
        checker.max_depth(),
    );
    checker.assert_any_discovery("a renewal is stored");
}
