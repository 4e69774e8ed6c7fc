//! One piece of work at a time. All callers that request it meanwhile share its result.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::Shared;
use tokio::sync::oneshot;

use crate::ports::{BoxFuture, Spawner};

/// The work in flight, if any. `K` identifies the work: only callers with the same key share it.
#[derive(Debug)]
pub(super) struct SingleFlight<K, T>(Arc<Mutex<Option<Flight<K, T>>>>)
where
    T: Clone;

#[derive(Debug)]
struct Flight<K, T: Clone> {
    key: K,
    result: SharedResult<T>,
}

/// Resolves to `None` if the work ended without a result, that is, if it panicked.
type SharedResult<T> = Shared<BoxFuture<'static, Option<T>>>;

/// What a caller has to do to get the result.
pub(super) enum Joined<T: Clone> {
    /// The work is in flight: wait for its result.
    Join(SharedResult<T>),
    /// Other work is in flight: wait until it is over and try again.
    WaitFor(SharedResult<T>),
    /// The work is no longer needed.
    Done(T),
}

impl<K, T> Default for SingleFlight<K, T>
where
    T: Clone,
{
    fn default() -> Self {
        Self(Arc::new(Mutex::new(None)))
    }
}

impl<K, T> SingleFlight<K, T>
where
    K: PartialEq + Send + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// Joins the flight for `key`, or starts one with `start` unless `already` returns the result. `already` runs while
    /// no flight can start or end, so that it sees what the last flight achieved. The work runs to its end even if
    /// nobody waits for it.
    pub(super) fn join(
        &self,
        key: K,
        spawner: &dyn Spawner,
        already: impl FnOnce() -> Option<T>,
        start: impl FnOnce() -> BoxFuture<'static, T>,
    ) -> Joined<T> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flight) = &*slot {
            let result = flight.result.clone();
            return if flight.key == key {
                Joined::Join(result)
            } else {
                Joined::WaitFor(result)
            };
        }
        if let Some(result) = already() {
            return Joined::Done(result);
        }
        let (done, result) = oneshot::channel();
        let result: BoxFuture<'static, Option<T>> = Box::pin(async move { result.await.ok() });
        let result = result.shared();
        *slot = Some(Flight {
            key,
            result: result.clone(),
        });
        drop(slot);
        let empties = EmptiesSlot(Arc::clone(&self.0));
        let work = start();
        spawner.spawn(Box::pin(async move {
            let result = work.await;
            // Before the result is published, so that a caller that comes after it starts new work.
            drop(empties);
            // An error means that nobody waits any more.
            let _ = done.send(result);
        }));
        Joined::Join(result)
    }
}

/// Empties the slot when the work ends, in whatever way.
struct EmptiesSlot<K, T: Clone>(Arc<Mutex<Option<Flight<K, T>>>>);

impl<K, T: Clone> Drop for EmptiesSlot<K, T> {
    fn drop(&mut self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
