//! What is announced when time has passed, though nobody asks: the coming end of a session, and the end.
//!
//! **Promises.** Nothing waits where nothing limits a session. What waits does not keep the session open, and wakes nobody before
//! there is something to announce. **Needs** nothing.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::model::time::Instant;
use crate::ports::Spawner;

/// When the session is looked at next, by the monotonic clock.
#[derive(Debug, Default)]
pub(super) struct Alarm(Mutex<Option<Duration>>);

impl Alarm {
    /// Looks at the session in so long, unless that is done earlier anyway. Then it is seen what there is to wait for.
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

    /// That time has come; false where another one was set in its place.
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
