//! One piece of work at a time, its result shared by all who asked for it meanwhile.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::Shared;
use tokio::sync::oneshot;

use crate::ports::{BoxFuture, Spawner};

/// The work in flight, if there is some. `K` says what was asked for: only askers for the same share.
#[derive(Debug)]
pub(super) struct SingleFlight<K, T>(Arc<Mutex<Option<Flight<K, T>>>>)
where
    T: Clone;

#[derive(Debug)]
struct Flight<K, T: Clone> {
    key: K,
    result: SharedResult<T>,
}

/// Resolves to `None` when the work ended without a result, that is, panicked.
type SharedResult<T> = Shared<BoxFuture<'static, Option<T>>>;

/// What to do about a requirement for work.
pub(super) enum Joined<T: Clone> {
    /// The work is in flight: wait for its result.
    Join(SharedResult<T>),
    /// Other work is in flight: wait until it is over and ask again.
    WaitFor(SharedResult<T>),
    /// There is no need for the work any more.
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
    /// Joins the flight for `key`, or starts one with `start` unless `already` gives the result. `already` is asked
    /// while no flight can start or land, so that what the last flight achieved is seen. The work runs to its end even
    /// if nobody waits for it.
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
            // Before anybody gets the result, so that a caller that asks after it starts anew.
            drop(empties);
            // An error means that nobody waits any more.
            let _ = done.send(result);
        }));
        Joined::Join(result)
    }
}

/// Empties the slot when the work ends, in whichever way.
struct EmptiesSlot<K, T: Clone>(Arc<Mutex<Option<Flight<K, T>>>>);

impl<K, T: Clone> Drop for EmptiesSlot<K, T> {
    fn drop(&mut self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
