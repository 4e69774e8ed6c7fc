//! Work that begins when the runtime is started for something else, so that it does not start a thread itself.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::runtime::Handle;

use crate::ports::BoxFuture;

/// The work that waits for the start of the runtime; `None` once it runs.
pub(super) struct WaitingWork(Mutex<Option<Vec<Weak<Waiting>>>>);

/// Work that has yet to begin. If this is dropped before, the work never begins.
pub(super) struct Waiting(Mutex<Option<BoxFuture<'static, ()>>>);

impl WaitingWork {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Some(Vec::new())))
    }

    /// Lets `work` wait for [`WaitingWork::begin_all`]. If that was called already, `work` begins on `runtime` at once.
    pub(super) fn add(&self, work: BoxFuture<'static, ()>, runtime: fn() -> &'static Handle) -> Arc<Waiting> {
        let job = Arc::new(Waiting(Mutex::new(Some(work))));
        if !self.keeps(&job) {
            job.begin(runtime());
        }
        job
    }

    fn keeps(&self, job: &Arc<Waiting>) -> bool {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(waiting) = waiting.as_mut() else {
            return false;
        };
        // Removes dropped work first, if that avoids growing the list.
        if waiting.len() == waiting.capacity() {
            waiting.retain(|job| job.strong_count() > 0);
        }
        waiting.push(Arc::downgrade(job));
        true
    }

    /// Begins all work: the runtime has been started.
    pub(super) fn begin_all(&self, runtime: &Handle) {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        for job in waiting.iter().flatten().filter_map(Weak::upgrade) {
            job.begin(runtime);
        }
    }
}

impl Waiting {
    fn begin(&self, runtime: &Handle) {
        if let Some(work) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            drop(runtime.spawn(work));
        }
    }
}

impl fmt::Debug for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Waiting")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::time::Duration;

    use super::*;

    fn never() -> &'static Handle {
        unreachable!("nothing may start the runtime")
    }

    fn telling(name: &'static str, heard: &Sender<&'static str>) -> BoxFuture<'static, ()> {
        let heard = heard.clone();
        Box::pin(async move { heard.send(name).unwrap() })
    }

    fn next(reports: &Receiver<&'static str>) -> Option<&'static str> {
        reports.recv_timeout(Duration::from_secs(20)).ok()
    }

    #[test]
    fn work_begins_with_the_runtime_unless_nobody_wants_it_any_more() {
        let (heard, reports) = channel();
        let work = WaitingWork::new();
        let kept = work.add(telling("kept", &heard), never);
        drop(work.add(telling("dropped", &heard), never));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        work.begin_all(runtime.handle());
        drop(heard);
        runtime.block_on(tokio::task::yield_now());
        assert_eq!([next(&reports), next(&reports)], [Some("kept"), None]);
        drop(kept);
    }

    #[test]
    fn once_the_runtime_runs_work_begins_at_once() {
        let (heard, reports) = channel();
        let work = WaitingWork::new();
        work.begin_all(super::super::runtime::runtime());
        let job = work.add(telling("begun", &heard), super::super::runtime::runtime);
        assert_eq!(next(&reports), Some("begun"));
        drop(job);
    }

    #[test]
    fn what_is_dropped_while_it_waits_takes_no_memory() {
        let work = WaitingWork::new();
        for _ in 0..1000 {
            drop(work.add(Box::pin(async {}), never));
        }
        assert!(work.0.lock().unwrap().as_ref().unwrap().capacity() < 100);
    }
}
