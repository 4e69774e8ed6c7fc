//! Whether the process may hold a lock in a shared folder. iOS kills a process that is suspended while it holds one, so
//! the process must have background time first.
//!
//! **Promises.** A waiting caller gets the system's next answer, within limits. **Needs** nothing.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::sync::Notify;

use crate::machine::error::Error;
use crate::ports::Spawner;

/// How long a call waits for the system's answer, which usually takes milliseconds.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// The system's answer to the request for background time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum BackgroundTime {
    /// The process is not suspended before it is notified. Also the value on systems that do not suspend processes,
    /// where nobody asks.
    #[default]
    Granted,
    /// The system was asked, and has not answered.
    Asked,
    /// There is no background time, or it is over: the process may be suspended at any moment.
    Over,
}

/// The system's last answer, for all waiting callers.
#[derive(Debug, Default)]
pub(super) struct BackgroundTimes {
    last: Mutex<BackgroundTime>,
    changed: Notify,
}

impl BackgroundTimes {
    pub(super) fn set(&self, time: BackgroundTime) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = time;
        self.changed.notify_waiters();
    }

    pub(super) fn is_granted(&self) -> bool {
        self.last() == BackgroundTime::Granted
    }

    /// Returns when the process may hold a lock.
    ///
    /// # Errors
    /// [`Error::NoBackgroundTime`], also when the system does not answer.
    pub(super) async fn wait(&self, spawner: &dyn Spawner) -> Result<(), Error> {
        let mut too_long = None;
        loop {
            // Before the read, so that no change is missed.
            let changed = self.changed.notified();
            match self.last() {
                BackgroundTime::Granted => return Ok(()),
                BackgroundTime::Over => return Err(Error::NoBackgroundTime),
                BackgroundTime::Asked => {}
            }
            let too_long = too_long.get_or_insert_with(|| spawner.sleep(LONGEST_WAIT));
            if let Either::Right(_) = select(Box::pin(changed), too_long).await {
                return Err(Error::NoBackgroundTime);
            }
        }
    }

    fn last(&self) -> BackgroundTime {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::ports::BoxFuture;

    /// A clock whose sleeps end at once, or never.
    #[derive(Debug)]
    struct Times(bool);

    impl Spawner for Times {
        fn spawn(&self, _: BoxFuture<'static, ()>) {}

        fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
            if self.0 {
                Box::pin(std::future::ready(()))
            } else {
                Box::pin(std::future::pending())
            }
        }
    }

    #[test]
    fn a_system_that_does_not_answer_has_granted_nothing() {
        let times = BackgroundTimes::default();
        times.set(BackgroundTime::Asked);
        let outcome = times.wait(&Times(true)).now_or_never();
        assert_eq!(outcome, Some(Err(Error::NoBackgroundTime)));
    }

    #[test]
    fn whoever_waits_gets_the_answer_that_comes_and_not_the_one_before() {
        let times = BackgroundTimes::default();
        assert_eq!(times.wait(&Times(false)).now_or_never(), Some(Ok(())), "nobody asks");
        times.set(BackgroundTime::Over);
        assert_eq!(
            times.wait(&Times(false)).now_or_never(),
            Some(Err(Error::NoBackgroundTime))
        );
        for (answer, expected) in [
            (BackgroundTime::Granted, Ok(())),
            (BackgroundTime::Over, Err(Error::NoBackgroundTime)),
        ] {
            times.set(BackgroundTime::Asked);
            let mut waiting = Box::pin(times.wait(&Times(false)));
            assert_eq!(waiting.as_mut().now_or_never(), None);
            times.set(BackgroundTime::Asked);
            assert_eq!(waiting.as_mut().now_or_never(), None, "asked once more");
            times.set(answer);
            assert_eq!(waiting.now_or_never(), Some(expected));
        }
    }
}
