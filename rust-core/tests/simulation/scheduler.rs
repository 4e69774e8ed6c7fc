//! One thread, one seed: the next task to run is drawn at random, and time passes only if no task can run.
//!
//! A task belongs to a process or to the world. A crash drops all tasks of a process between two steps; the tasks of a
//! frozen process are not drawn until it thaws.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use crate::random::Random;

pub(crate) type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A process by its index, or the world itself.
pub(crate) type Owner = Option<usize>;

#[derive(Default)]
struct Tasks {
    all: BTreeMap<u64, Task>,
    next_task: u64,
    ready: Vec<Arc<TaskWaker>>,
    timers: BTreeMap<(Duration, u64), Waker>,
    next_timer: u64,
    now: Duration,
    frozen: Vec<usize>,
    crashes: Vec<usize>,
}

struct Task {
    owner: Owner,
    work: Option<Work>,
    waker: Arc<TaskWaker>,
}

struct TaskWaker {
    task: u64,
    owner: Owner,
    is_ready: AtomicBool,
    woken: Arc<Mutex<Vec<Arc<TaskWaker>>>>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        if !self.is_ready.swap(true, Ordering::Relaxed) {
            self.woken.lock().unwrap().push(Arc::clone(&self));
        }
    }
}

pub(crate) struct Scheduler {
    tasks: Mutex<Tasks>,
    woken: Arc<Mutex<Vec<Arc<TaskWaker>>>>,
    random: Mutex<Random>,
}

/// The result of one step.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A task of this owner ran.
    Of(Owner),
    /// Time passed.
    Waited,
    /// No task can run, and none waits for time to pass.
    Stuck,
}

impl Scheduler {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            tasks: Mutex::default(),
            woken: Arc::default(),
            random: Mutex::new(Random::new(seed)),
        }
    }

    pub(crate) fn random(&self) -> MutexGuard<'_, Random> {
        self.random.lock().unwrap()
    }

    pub(crate) fn now(&self) -> Duration {
        self.lock().now
    }

    pub(crate) fn spawn(&self, owner: Owner, work: Work) {
        let mut tasks = self.lock();
        let task = tasks.next_task;
        tasks.next_task += 1;
        let waker = Arc::new(TaskWaker {
            task,
            owner,
            is_ready: AtomicBool::new(true),
            woken: Arc::clone(&self.woken),
        });
        tasks.ready.push(Arc::clone(&waker));
        let work = Some(work);
        tasks.all.insert(task, Task { owner, work, waker });
    }

    /// The process ends when the present step is over.
    pub(crate) fn crash(&self, process: usize) {
        let mut tasks = self.lock();
        if !tasks.crashes.contains(&process) {
            tasks.crashes.push(process);
        }
    }

    pub(crate) fn freeze(&self, process: usize) {
        self.lock().frozen.push(process);
    }

    pub(crate) fn thaw(&self, process: usize) {
        self.lock().frozen.retain(|frozen| *frozen != process);
    }

    pub(crate) fn is_frozen(&self, process: usize) -> bool {
        self.lock().frozen.contains(&process)
    }

    /// The crashes that are due now, with the tasks that they end, which the caller must drop.
    pub(crate) fn take_crashes(&self) -> Vec<(usize, Vec<Work>)> {
        let mut tasks = self.lock();
        let crashes = std::mem::take(&mut tasks.crashes);
        let mut ended = Vec::new();
        for process in crashes {
            let gone: Vec<u64> = tasks
                .all
                .iter()
                .filter(|(_, task)| task.owner == Some(process))
                .map(|(id, _)| *id)
                .collect();
            let work = gone.iter().filter_map(|id| tasks.all.remove(id)?.work).collect();
            tasks.frozen.retain(|frozen| *frozen != process);
            ended.push((process, work));
        }
        ended
    }

    /// Runs one task, or lets time pass to the next moment that a task waits for.
    pub(crate) fn step(&self) -> Step {
        let mut tasks = self.lock();
        let mut woken = self.woken.lock().unwrap();
        tasks.ready.append(&mut woken);
        drop(woken);
        let Tasks { ready, all, .. } = &mut *tasks;
        ready.retain(|waker| all.contains_key(&waker.task));
        let eligible: Vec<usize> = (0..tasks.ready.len())
            .filter(|place| {
                let owner = tasks.ready[*place].owner;
                owner.is_none_or(|process| !tasks.frozen.contains(&process))
            })
            .collect();
        if eligible.is_empty() {
            let Some((&(due, _), _)) = tasks.timers.first_key_value() else {
                return Step::Stuck;
            };
            tasks.now = tasks.now.max(due);
            while let Some(timer) = tasks.timers.first_entry().filter(|timer| timer.key().0 <= due) {
                timer.remove().wake();
            }
            return Step::Waited;
        }
        let lot = self.random().below(eligible.len() as u64) as usize;
        let waker = tasks.ready.swap_remove(eligible[lot]);
        waker.is_ready.store(false, Ordering::Relaxed);
        let Some(mut work) = tasks.all.get_mut(&waker.task).and_then(|task| task.work.take()) else {
            return Step::Of(waker.owner);
        };
        let waker = Arc::clone(&tasks.all[&waker.task].waker);
        drop(tasks);
        let progress = work
            .as_mut()
            .poll(&mut Context::from_waker(&Waker::from(Arc::clone(&waker))));
        let mut tasks = self.lock();
        if progress.is_pending() {
            if let Some(task) = tasks.all.get_mut(&waker.task) {
                task.work = Some(work);
            }
        } else {
            tasks.all.remove(&waker.task);
            drop(tasks);
            drop(work);
        }
        Step::Of(waker.owner)
    }

    fn lock(&self) -> MutexGuard<'_, Tasks> {
        self.tasks.lock().unwrap()
    }

    fn wake_at(&self, due: Duration, waker: Waker) {
        let mut tasks = self.lock();
        let timer = tasks.next_timer;
        tasks.next_timer += 1;
        tasks.timers.insert((due, timer), waker);
    }
}

/// Completes when that much time has passed. Others may run first even if that is zero.
pub(crate) struct Pause {
    scheduler: Arc<Scheduler>,
    length: Duration,
    due: Option<Duration>,
}

impl Pause {
    pub(crate) fn new(scheduler: &Arc<Scheduler>, length: Duration) -> Self {
        let scheduler = Arc::clone(scheduler);
        let due = None;
        Self { scheduler, length, due }
    }
}

impl Future for Pause {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let now = self.scheduler.now();
        match self.due {
            Some(due) if now >= due => return Poll::Ready(()),
            Some(due) => self.scheduler.wake_at(due, context.waker().clone()),
            None => {
                let due = now + self.length;
                self.due = Some(due);
                if self.length.is_zero() {
                    context.waker().wake_by_ref();
                } else {
                    self.scheduler.wake_at(due, context.waker().clone());
                }
            }
        }
        Poll::Pending
    }
}
