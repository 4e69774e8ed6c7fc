//! How long one authentication of the user remains valid.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::status::KeychainStatus;
use crate::model::time::Instant;

/// Keeps the context in which the user was authenticated, so that operations within the reuse time do not ask again.
///
/// Operations run one after the other: if two begin at once, the second finds the user already authenticated.
pub struct KeptAuthentication<C> {
    good_for: Duration,
    kept: Mutex<Option<(C, Instant)>>,
}

impl<C> KeptAuthentication<C> {
    /// Keeps a context for `good_for` after an operation that succeeded.
    pub fn new(good_for: Duration) -> Self {
        let kept = Mutex::new(None);
        Self { good_for, kept }
    }

    /// Runs `operation` in the kept context, or in a new one if there is none or its time is over. A context in which
    /// an operation failed is not used again.
    ///
    /// # Errors
    /// Those of `make` and of `operation`.
    pub fn run<T>(
        &self,
        now: impl Fn() -> Instant,
        make: impl FnOnce() -> Result<C, KeychainStatus>,
        operation: impl FnOnce(&C) -> Result<T, KeychainStatus>,
    ) -> Result<T, KeychainStatus> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (context, since) = match kept.take().filter(|(_, since)| self.covers(*since, now())) {
            Some((context, since)) => (context, Some(since)),
            None => (make()?, None),
        };
        let outcome = operation(&context)?;
        // The time is taken after the operation, because the user may take a while to respond.
        *kept = Some((context, since.unwrap_or_else(now)));
        Ok(outcome)
    }

    /// By both clocks: either of them alone could be wrong so that the user is asked too rarely.
    fn covers(&self, since: Instant, now: Instant) -> bool {
        let by_wall = u64::try_from(now.wall.seconds_since(since.wall));
        by_wall.is_ok_and(|seconds| seconds < self.good_for.as_secs())
            && now.monotonic.saturating_sub(since.monotonic) < self.good_for
    }
}

impl<C> fmt::Debug for KeptAuthentication<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptAuthentication")
            .field("good_for", &self.good_for)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::model::time::Timestamp;

    fn at(wall: i64, monotonic: u64) -> Instant {
        Instant {
            wall: Timestamp(wall),
            monotonic: Duration::from_secs(monotonic),
        }
    }

    struct User {
        kept: KeptAuthentication<u32>,
        asked: Cell<u32>,
    }

    impl User {
        fn new(seconds: u64) -> Self {
            Self {
                kept: KeptAuthentication::new(Duration::from_secs(seconds)),
                asked: Cell::new(0),
            }
        }

        /// Runs one operation. Returns the number of contexts that were made so far.
        fn after(&self, now: Instant, outcome: Result<(), KeychainStatus>) -> u32 {
            let make = || {
                self.asked.set(self.asked.get() + 1);
                Ok(self.asked.get())
            };
            let result = self.kept.run(|| now, make, |_| outcome);
            assert_eq!(result, outcome);
            self.asked.get()
        }
    }

    #[test]
    fn one_answer_is_good_for_its_time() {
        let user = User::new(60);
        assert_eq!(user.after(at(1000, 10), Ok(())), 1);
        assert_eq!(user.after(at(1059, 69), Ok(())), 1);
        assert_eq!(
            user.after(at(1060, 70), Ok(())),
            2,
            "counted from the answer, not from the last use"
        );
        assert_eq!(user.after(at(1119, 129), Ok(())), 2);
    }

    #[test]
    fn a_device_that_slept_or_whose_clock_was_set_asks_again() {
        let user = User::new(60);
        user.after(at(1000, 10), Ok(()));
        assert_eq!(user.after(at(5000, 11), Ok(())), 2);
        assert_eq!(user.after(at(4000, 12), Ok(())), 3);
        assert_eq!(user.after(at(4000, 80), Ok(())), 4);
    }

    #[test]
    fn without_a_window_each_operation_asks() {
        let user = User::new(0);
        assert_eq!(user.after(at(1000, 10), Ok(())), 1);
        assert_eq!(user.after(at(1000, 10), Ok(())), 2);
    }

    #[test]
    fn who_was_refused_is_asked_again() {
        let user = User::new(60);
        assert_eq!(user.after(at(1000, 10), Err(KeychainStatus::USER_CANCELED)), 1);
        assert_eq!(user.after(at(1000, 10), Ok(())), 2);
        assert_eq!(user.after(at(1001, 11), Err(KeychainStatus::AUTH_FAILED)), 2);
        assert_eq!(user.after(at(1002, 12), Ok(())), 3);
    }
}
