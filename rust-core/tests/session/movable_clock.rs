//! Time under the test's control: clocks that it moves, and pauses that pass at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use pilotlight_core::adapters::system::{SystemClock, TokioSpawner};
use pilotlight_core::model::time::{Instant, Timestamp};
use pilotlight_core::ports::{BoxFuture, Clock, Spawner};

/// The device's clocks: they show the time at which the test began, plus what the test adds. However slow the machine
/// is, no second passes by itself. As on a device, some time passes between two readings: a microsecond.
#[derive(Debug)]
pub(crate) struct MovableClock {
    began: Instant,
    wall_ahead: AtomicI64,
    monotonic_ahead: AtomicI64,
    looks: AtomicU64,
}

impl Default for MovableClock {
    fn default() -> Self {
        Self {
            began: SystemClock.now(),
            wall_ahead: AtomicI64::default(),
            monotonic_ahead: AtomicI64::default(),
            looks: AtomicU64::default(),
        }
    }
}

impl MovableClock {
    /// Time passes.
    pub(crate) fn advance(&self, seconds: i64) {
        self.wall_ahead.fetch_add(seconds, Ordering::SeqCst);
        self.monotonic_ahead.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Time passes on the clock that nobody can set.
    pub(crate) fn advance_monotonic(&self, seconds: i64) {
        self.monotonic_ahead.fetch_add(seconds, Ordering::SeqCst);
    }

    /// The seconds added by [`MovableClock::advance`].
    pub(crate) fn passed(&self) -> i64 {
        self.monotonic_ahead.load(Ordering::SeqCst)
    }

    /// The device's clock is set to that moment.
    pub(crate) fn set_wall_to(&self, moment: Timestamp) {
        self.set_wall(moment.seconds_since(self.began.wall));
    }

    pub(crate) fn set_wall(&self, seconds_ahead: i64) {
        self.wall_ahead.store(seconds_ahead, Ordering::SeqCst);
    }
}

impl Clock for MovableClock {
    fn now(&self) -> Instant {
        let ahead = Duration::from_secs(self.monotonic_ahead.load(Ordering::SeqCst).unsigned_abs());
        let between = Duration::from_micros(self.looks.fetch_add(1, Ordering::SeqCst));
        Instant {
            wall: self.began.wall.plus(self.wall_ahead.load(Ordering::SeqCst)),
            monotonic: self.began.monotonic + ahead + between,
        }
    }
}

/// Pauses between attempts pass at once on the test's clocks. Limits on how long something else may take are real.
#[derive(Debug)]
pub(crate) struct ImpatientSpawner {
    /// How many alarms were set.
    pub(crate) alarms: Arc<AtomicI64>,
    pub(crate) tokio: TokioSpawner,
    pub(crate) clock: Arc<MovableClock>,
}

impl Spawner for ImpatientSpawner {
    fn spawn(&self, work: BoxFuture<'static, ()>) {
        self.tokio.spawn(work);
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        if duration == Duration::from_secs(10) {
            return self.tokio.sleep(duration);
        }
        self.clock.advance(i64::try_from(duration.as_secs()).unwrap() + 1);
        Box::pin(std::future::ready(()))
    }

    /// Waits for the test's clock.
    fn alarm(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.alarms.fetch_add(1, Ordering::SeqCst);
        let clock = Arc::clone(&self.clock);
        let due = clock.now().monotonic + duration;
        Box::pin(async move {
            while clock.now().monotonic < due {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
    }
}
