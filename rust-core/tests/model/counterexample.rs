//! A path to a broken promise, shortened and printed readably.

use pilotlight_core::machine::PhaseKind;
use pilotlight_core::storage::envelope::StoredSession;

use crate::action::Action;
use crate::bounds::Bounds;
use crate::properties::broken;
use crate::recovery::{WAY_ON, dead_end};
use crate::user::family_of_session;
use crate::world::{PROCESSES, World};

/// Steps that break a promise.
pub(crate) struct Counterexample {
    pub(crate) steps: Vec<Action>,
    pub(crate) promise: &'static str,
    pub(crate) why: &'static str,
    bounds: Bounds,
}

impl Counterexample {
    /// Removes every step without which the promise still breaks. The checker goes to the end of one path before it
    /// tries the next, so the paths that it finds are long.
    pub(crate) fn shortest(bounds: &Bounds, steps: Vec<Action>) -> Self {
        let mut best = Self::of(bounds, steps).expect("the promise breaks again");
        loop {
            let length = best.steps.len();
            let mut part = length / 2;
            while part > 0 {
                let mut start = 0;
                while start + part <= best.steps.len() {
                    let mut steps = best.steps.clone();
                    steps.drain(start..start + part);
                    match Self::of(bounds, steps).filter(|shorter| shorter.is_shorter_than(&best)) {
                        Some(shorter) => best = shorter,
                        None => start += 1,
                    }
                }
                part /= 2;
            }
            if best.steps.len() == length {
                return best;
            }
        }
    }

    fn is_shorter_than(&self, other: &Self) -> bool {
        self.why == other.why && self.steps.len() < other.steps.len()
    }

    /// Takes the possible ones of these steps, up to the first state that breaks a promise.
    fn of(bounds: &Bounds, steps: Vec<Action>) -> Option<Self> {
        let mut world = World::new(bounds);
        let mut taken = Vec::new();
        for step in steps {
            if !world.actions().contains(&step) {
                continue;
            }
            world.take(step);
            taken.push(step);
            let is_over = world.actions().is_empty();
            let waits = || Some((WAY_ON, dead_end(&world).filter(|_| is_over)?));
            if let Some((promise, why)) = broken(&world).or_else(waits) {
                return Some(Self {
                    steps: taken,
                    promise,
                    why,
                    bounds: bounds.clone(),
                });
            }
        }
        None
    }

    /// Each step, with its effect on the store and on the state of the processes.
    pub(crate) fn to_lines(&self) -> Vec<String> {
        let mut world = World::new(&self.bounds);
        let mut before = summary(&world);
        let first = format!("  {:28} {}", "at first", before.join(", "));
        let next = self.steps.iter().map(|step| {
            world.take(*step);
            let after = summary(&world);
            let changed = after.iter().zip(&before).filter(|(new, old)| new != old);
            let changed: Vec<_> = changed.map(|(new, _)| new.as_str()).collect();
            let line = format!("  {:28} {}", format!("{step:?}"), changed.join(", "));
            before = after;
            line.trim_end().to_owned()
        });
        std::iter::once(first).chain(next).collect()
    }
}

fn summary(world: &World) -> Vec<String> {
    let item = match (world.store.session(), world.store.fingerprint()) {
        (Some(session), _) => words(session),
        (None, Some(_)) => "signed out".to_owned(),
        (None, None) => "nothing".to_owned(),
    };
    let process = |number: usize| {
        let machine = world.machine(number);
        let known = match (machine.phase_kind(), machine.session()) {
            (_, Some(session)) => words(session),
            (PhaseKind::SignedOut, None) => "signed out".to_owned(),
            (phase, None) => format!("{phase:?}"),
        };
        let unsaved = if machine.has_unsaved() { ", not written" } else { "" };
        format!("process {number}: {known}{unsaved}")
    };
    let lock = world
        .lock
        .map_or("free".to_owned(), |process| format!("of process {process}"));
    [format!("store: {item}"), format!("lock: {lock}")]
        .into_iter()
        .chain((0..PROCESSES).map(process))
        .collect()
}

fn words(session: &StoredSession) -> String {
    let token = session.credentials.refresh_token.as_ref();
    format!(
        "sign-in {} with {} (writing {}{}{})",
        family_of_session(session),
        token.map_or("no token", |token| token.expose()),
        session.sequence,
        if session.ended.is_some() { ", ended" } else { "" },
        if session.is_checked() { "" } else { ", not checked" },
    )
}
