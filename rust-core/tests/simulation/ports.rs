//! The ports that only ask the world: clock, spawner, random numbers, log, lock.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use pilotlight_core::adapters::foreign_keychain::NoKeychainItems;
use pilotlight_core::adapters::proof_keys::SoftwareKeys;
use pilotlight_core::model::time::{Instant, Timestamp};
use pilotlight_core::ports::{
    Acquisition, BoxFuture, Clock, LockGuard, LockPlace, Log, LogLevel, ProcessLock, Randomness, RandomnessUnavailable,
    Spawner, StoreError,
};
use pilotlight_core::session::{Dependencies, Sharing};
use tokio::sync::oneshot;

use crate::answers::BEGINNING;
use crate::fate::suspend;
use crate::network::Network;
use crate::scheduler::Work;
use crate::server::Who;
use crate::store::Store;
use crate::world::World;

/// Longer than any operation of the store.
const AFTERMATH: Duration = Duration::from_secs(10);
/// How often a process checks whether a lock is free.
const POLL: Duration = Duration::from_millis(50);

/// The world, as seen by one start of a process.
#[derive(Clone)]
pub(crate) struct View {
    pub(crate) world: Arc<World>,
    pub(crate) who: Who,
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.who)
    }
}

impl View {
    pub(crate) fn dependencies(&self) -> Dependencies {
        let state = self.world.state();
        let sharing = if state.processes[self.who.process].reads_only {
            Sharing::ReadOnly
        } else if state.processes.len() == 1 {
            Sharing::Alone
        } else {
            Sharing::Processes(Arc::new(self.clone()))
        };
        drop(state);
        Dependencies {
            store: Arc::new(Store(self.clone())),
            foreign_items: Arc::new(NoKeychainItems),
            proof_keys: Arc::new(SoftwareKeys),
            sharing,
            transport: Arc::new(Network(self.clone())),
            clock: Arc::new(self.clone()),
            randomness: Arc::new(self.clone()),
            spawner: Arc::new(self.clone()),
            log: Arc::new(self.clone()),
        }
    }

    /// The last state of the store that this process has read.
    pub(crate) fn known(&self) -> u64 {
        self.world.state().processes[self.who.process].seen.read_at
    }

    pub(crate) fn spawn(&self, work: Work) {
        self.world.scheduler.spawn(Some(self.who.process), work);
    }

    /// Runs `effect` like the system does for a process: it continues even if nobody waits for it any more, and ends
    /// with the process.
    pub(crate) async fn detached<T: Send + 'static>(&self, effect: impl Future<Output = T> + Send + 'static) -> T {
        let (done, outcome) = oneshot::channel();
        self.spawn(Box::pin(async move {
            let _ = done.send(effect.await);
        }));
        match outcome.await {
            Ok(outcome) => outcome,
            // The process is ending.
            Err(_) => std::future::pending().await,
        }
    }
}

impl Clock for View {
    fn now(&self) -> Instant {
        let now = self.world.now();
        let state = self.world.state();
        let process = &state.processes[self.who.process];
        let wall = BEGINNING.saturating_add(i64::try_from(now.as_secs()).unwrap());
        Instant {
            wall: Timestamp(wall.saturating_add(process.wall_ahead)),
            monotonic: now.saturating_sub(process.started_at),
        }
    }
}

impl Spawner for View {
    fn spawn(&self, work: BoxFuture<'static, ()>) {
        self.spawn(work);
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(self.world.pause(duration))
    }
}

impl Randomness for View {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessUnavailable> {
        self.world.random().fill(bytes);
        Ok(())
    }
}

impl Log for View {
    fn log(&self, level: LogLevel, message: &str) {
        self.world.trace_of(self.who, || format!("log {level:?}: {message}"));
    }
}

impl ProcessLock for View {
    fn acquire<'a>(
        &'a self,
        name: &'a str,
        limit: Duration,
        place: LockPlace,
    ) -> BoxFuture<'a, Result<Acquisition, StoreError>> {
        let view = self.clone();
        Box::pin(async move {
            let poll = view.clone().poll_lock(name.to_owned(), limit, place);
            view.detached(poll).await
        })
    }
}

impl View {
    async fn poll_lock(self, name: String, limit: Duration, place: LockPlace) -> Result<Acquisition, StoreError> {
        let deadline = self.world.now() + limit;
        self.world.may_crash(self.who);
        self.world.pause(Duration::ZERO).await;
        loop {
            let take = || Ok(self.try_lock(&name).map(|lock| Box::new(lock) as Box<dyn LockGuard>));
            match place.fill(take)? {
                Acquisition::Held => {
                    self.may_be_suspended();
                    self.world.may_crash(self.who);
                    self.world.pause(Duration::ZERO).await;
                    return Ok(Acquisition::Held);
                }
                Acquisition::Closed => return Ok(Acquisition::Closed),
                Acquisition::Busy if self.world.now() >= deadline => {
                    self.world.trace_of(self.who, || "lock: not in time".to_owned());
                    return Ok(Acquisition::Busy);
                }
                Acquisition::Busy => self.world.pause(POLL).await,
            }
        }
    }

    /// The worst moment for a suspension: while the process holds a lock.
    fn may_be_suspended(&self) {
        let freeze = self.world.state().profile.freeze;
        if self.world.goes_wrong(freeze / 5) {
            let View { world, who } = self.clone();
            self.world.spawn(Box::pin(async move {
                world.pause_up_to(Duration::from_secs(8)).await;
                suspend(&world, who.process);
            }));
        }
    }

    fn try_lock(&self, name: &str) -> Option<Lock> {
        let now = self.world.now();
        let mut state = self.world.state();
        if state.locks.contains_key(name) {
            return None;
        }
        state.locks_given += 1;
        let number = state.locks_given;
        state.locks.insert(name.to_owned(), (self.who, number));
        // A write that was suspended half way completes after the process continued, whatever lock it has got
        // meanwhile.
        let is_turn = !name.ends_with("|writing");
        if let Some(seen) = state
            .seen(self.who)
            .filter(|seen| is_turn && now >= seen.thawed_at + AFTERMATH)
        {
            seen.is_without_lock = false;
        }
        drop(state);
        self.world.trace_of(self.who, || "lock: got".to_owned());
        let view = self.clone();
        Some(Lock { view, number })
    }
}

/// A held lock.
#[derive(Debug)]
struct Lock {
    view: View,
    number: u64,
}

impl LockGuard for Lock {}

impl Drop for Lock {
    fn drop(&mut self) {
        let mut state = self.view.world.state();
        state.locks.retain(|_, (_, number)| *number != self.number);
        drop(state);
        self.view
            .world
            .trace_of(self.view.who, || "lock: given back".to_owned());
    }
}
