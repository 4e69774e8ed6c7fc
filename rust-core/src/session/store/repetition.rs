//! When a failed write is repeated.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::machine::error::Error;
use crate::ports::StoreError;

/// The pauses before a failed write is repeated within a renewal. The process lock is held meanwhile, so they are short.
pub(super) const PAUSES_IN_FLIGHT: [Duration; 3] = [
    Duration::from_millis(50),
    Duration::from_millis(200),
    Duration::from_millis(800),
];
/// The first pause before a failed write is repeated in the background; each further pause is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The repetition in the background.
#[derive(Debug, Default)]
pub(super) struct Repetition(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    is_waiting: bool,
    /// How often the write was repeated in vain.
    failures: u32,
}

impl Repetition {
    /// Begins to wait: the pause before the write is repeated. `None` if a repetition waits already.
    pub(super) fn begin(&self) -> Option<Duration> {
        let mut state = self.locked();
        if state.is_waiting {
            return None;
        }
        let pause = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(state.failures));
        state.is_waiting = true;
        state.failures = state.failures.saturating_add(1);
        Some(pause.min(LONGEST_PAUSE))
    }

    /// The pause is over: the write is repeated now, and if it fails, another repetition may wait.
    pub(super) fn is_due(&self) {
        self.locked().is_waiting = false;
    }

    /// A write has succeeded: the next pause is the first one again.
    pub(super) fn succeeded(&self) {
        self.locked().failures = 0;
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the same write may succeed later by itself. A user who declined to authenticate is not asked again unasked.
pub(super) fn may_pass(error: &Error) -> bool {
    matches!(
        error,
        Error::Store(StoreError::Locked | StoreError::Failed { .. }) | Error::Busy
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pauses_grow_up_to_a_minute_and_begin_anew_after_a_success() {
        let repetition = Repetition::default();
        let next = || {
            let pause = repetition.begin().map(|pause| pause.as_secs());
            assert_eq!(repetition.begin(), None, "one at a time");
            repetition.is_due();
            pause
        };
        assert_eq!([(); 8].map(|()| next()), [1, 2, 4, 8, 16, 32, 60, 60].map(Some));
        repetition.succeeded();
        assert_eq!(next(), Some(1));
    }
}
