//! Wakes the session when an event has to be announced although nobody makes a call: its coming end, and its end.
//!
//! **Promises.** There is no timer if nothing limits the session. A timer does not keep the session open, and does not
//! wake the process before there is something to announce. **Needs** nothing.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::model::time::Instant;
use crate::ports::Spawner;

/// When the session is checked next, by the monotonic clock.
#[derive(Debug, Default)]
pub(super) struct Alarm(Mutex<Option<Duration>>);

impl Alarm {
    /// Checks the session after `wait`, unless it will be checked earlier anyway. That check sets the next alarm.
    pub(super) fn set(
        &self,
        wait: Duration,
        now: Instant,
        spawner: &dyn Spawner,
        look: impl FnOnce(Duration) + Send + 'static,
    ) {
        let due = now.monotonic.saturating_add(wait);
        {
            let mut next = self.lock();
            if next.is_some_and(|next| next <= due) {
                return;
            }
            *next = Some(due);
        }
        let waiting = spawner.alarm(wait);
        spawner.spawn(Box::pin(async move {
            waiting.await;
            look(due);
        }));
    }

    /// Clears the alarm whose time has come; false if another one has replaced it.
    pub(super) fn came(&self, due: Duration) -> bool {
        let mut next = self.lock();
        let is_it = *next == Some(due);
        if is_it {
            *next = None;
        }
        is_it
    }

    fn lock(&self) -> MutexGuard<'_, Option<Duration>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
