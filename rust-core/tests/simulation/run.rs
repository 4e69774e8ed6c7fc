//! One run of one seed, and runs of many seeds.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use pilotlight_core::machine::event::Report;

use crate::fate::story;
use crate::figures::Figures;
use crate::process::bury;
use crate::profile::profile_of;
use crate::scheduler::Step;
use crate::world::{World, name_of};

/// A call that takes longer by the simulated clock is considered not to return. Suspensions of a process count too.
const LONGEST_CALL: Duration = Duration::from_secs(3 * 3600);
/// A run with more steps is considered not to end.
const MOST_STEPS: u64 = 400_000;

/// How one run ended.
pub(crate) struct Outcome {
    pub(crate) violation: Option<String>,
    pub(crate) figures: Figures,
    pub(crate) trace: Vec<String>,
}

/// A run from its beginning to its end, or to the first mistake.
pub(crate) fn run(seed: u64, traces: bool) -> Outcome {
    let world = World::new(seed, profile_of(seed), traces);
    let announced = world.clone();
    world.spawn(Box::pin(async move { story(announced).await }));
    let panicked = catch_unwind(AssertUnwindSafe(|| while goes_on(&world) {}));
    let trace = if panicked.is_ok() {
        world.take_trace()
    } else {
        Vec::new()
    };
    // Remaining tasks hold references to the world, so they are dropped first.
    let processes = if panicked.is_ok() {
        world.state().processes.len()
    } else {
        0
    };
    for process in 0..processes {
        world.scheduler.crash(process);
    }
    drop(world.scheduler.take_crashes());
    if let Err(reason) = panicked {
        let words = reason.downcast_ref::<String>().cloned();
        let words = words.or_else(|| reason.downcast_ref::<&str>().map(|words| (*words).to_owned()));
        let violation = Some(format!("panicked: {}", words.unwrap_or_default()));
        return Outcome {
            violation,
            figures: Figures::default(),
            trace,
        };
    }
    let (mut figures, violation) = {
        let state = world.state();
        (state.figures.clone(), state.violation.clone())
    };
    (figures.runs, figures.time) = (1, world.now());
    for process in 0..processes {
        let remains = {
            let process = &mut world.state().processes[process];
            (process.manager.take(), process.events.take())
        };
        drop(remains);
    }
    Outcome {
        violation,
        figures,
        trace,
    }
}

/// One step; false if the run is over.
fn goes_on(world: &World) -> bool {
    let step = world.scheduler.step();
    for (process, work) in world.scheduler.take_crashes() {
        drop(work);
        bury(world, process);
    }
    match step {
        Step::Of(Some(process)) => listen(world, process),
        Step::Of(None) => {}
        Step::Waited => watch_calls(world),
        Step::Stuck => {
            let mut state = world.state();
            let stuck = state
                .calls
                .values()
                .next()
                .map(|call| format!("{} never returns", call.what));
            if let Some(stuck) = stuck {
                state.blame(stuck);
            }
            return false;
        }
    }
    let mut state = world.state();
    state.figures.steps += 1;
    if state.figures.steps > MOST_STEPS {
        state.blame("the run does not end".to_owned());
    }
    state.violation.is_none()
}

/// Collects the states and events that a process has published.
fn listen(world: &World, process: usize) {
    loop {
        let mut state = world.state();
        let heard = state.processes[process]
            .events
            .as_mut()
            .and_then(|events| events.try_recv().ok());
        let Some(heard) = heard else { return };
        let who = crate::server::Who {
            process,
            start: state.processes[process].start,
        };
        match &heard {
            Report::State(published) => state.publishes(who, published),
            Report::Event(event) => state.tells(who, event),
        }
        drop(state);
        world.trace_of(who, || format!("publishes {heard:?}"));
    }
}

fn watch_calls(world: &World) {
    let now = world.now();
    let mut state = world.state();
    let late = state
        .calls
        .values()
        .find(|call| now.saturating_sub(call.since) > LONGEST_CALL);
    if let Some(call) = late {
        let name = name_of(call.who.process);
        let problem = format!(
            "process {name}: {} has not returned after {} s",
            call.what,
            LONGEST_CALL.as_secs()
        );
        state.blame(problem);
    }
}

/// Runs the seeds on all cores, to the end or to the first failed one. Returns the totals, and the failed seeds.
pub(crate) fn run_all(first: u64, count: u64, keeps_going: bool) -> (Figures, BTreeMap<u64, String>) {
    const REPORTS: u64 = 20;
    const WORTH_REPORTING: u64 = 5000;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let (next, sum, failed) = (
        AtomicU64::new(first),
        Mutex::new(Figures::default()),
        Mutex::new(BTreeMap::new()),
    );
    let (has_failed, began) = (AtomicBool::new(false), Instant::now());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + count || has_failed.load(Ordering::Relaxed) {
                        return;
                    }
                    let outcome = run(seed, false);
                    if let Some(violation) = outcome.violation {
                        has_failed.store(!keeps_going, Ordering::Relaxed);
                        failed.lock().unwrap().insert(seed, violation);
                    }
                    let mut sum = sum.lock().unwrap();
                    sum.add(&outcome.figures);
                    if count >= WORTH_REPORTING && sum.runs.is_multiple_of(count / REPORTS) {
                        eprintln!(
                            "simulation: {} of {count} seeds, {} s",
                            sum.runs,
                            began.elapsed().as_secs()
                        );
                    }
                }
            });
        }
    });
    (sum.into_inner().unwrap(), failed.into_inner().unwrap())
}
