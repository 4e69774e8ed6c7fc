//! Pilotlight's own small runtime. The work runs here, and a Swift task only waits for it. So a cancelled task does not
//! stop a renewal half way, and a panic becomes an error.

use std::future::{self, Future};
use std::io;
use std::mem::ManuallyDrop;
use std::sync::{Arc, LazyLock};
use std::thread;

use tokio::runtime::{Builder, Handle};

use super::error::SessionError;
use super::waiting_work::{Waiting, WaitingWork};
use crate::adapters::lazy_runtime::LazyRuntime;
use crate::machine::error::Error;
use crate::ports::{BoxFuture, awaited};
use crate::session::SessionManager;

/// One thread is enough for a handful of requests, and a single-threaded runtime is smaller. Blocking calls (Keychain,
/// files) get their own threads, which end when idle.
pub(super) const RUNTIME: LazyRuntime = LazyRuntime::StartedBy(runtime);

/// Connections have their own runtime: the system's evaluation of a certificate blocks the calling thread, and timers,
/// reports and the work of other sessions must not wait for that.
#[cfg(feature = "http-client")]
pub(super) const HTTP_RUNTIME: LazyRuntime = LazyRuntime::StartedBy(http_runtime);

/// Work that begins when the runtime starts.
static WAITING: WaitingWork = WaitingWork::new();

pub(super) fn runtime() -> &'static Handle {
    static STARTED: LazyLock<Handle> = LazyLock::new(|| {
        let handle = started("pilotlight");
        WAITING.begin_all(&handle);
        handle
    });
    &STARTED
}

#[cfg(feature = "http-client")]
fn http_runtime() -> &'static Handle {
    static STARTED: LazyLock<Handle> = LazyLock::new(|| started("pilotlight-http"));
    &STARTED
}

fn started(name: &'static str) -> Handle {
    let started = start(name);
    #[expect(
        clippy::expect_used,
        reason = "without a thread there is no session, and a lazily initialised static cannot return an error"
    )]
    started.expect("the system could not start a thread")
}

fn start(name: &str) -> io::Result<Handle> {
    // Never dropped, even if no thread could be started: tokio panics in this destructor inside a task (docs/adr/0018).
    let runtime = ManuallyDrop::new(Builder::new_current_thread().thread_name(name).enable_all().build()?);
    let handle = runtime.handle().clone();
    let work_for_ever = move || runtime.block_on(future::pending::<()>());
    thread::Builder::new().name(name.to_owned()).spawn(work_for_ever)?;
    Ok(handle)
}

/// Starts `work` on the runtime. Always boxed: tokio compiles its code for a task once for each type of future.
pub(super) fn spawn(work: BoxFuture<'static, ()>) {
    // Dropping the join handle detaches the task; it does not cancel it.
    drop(runtime().spawn(work));
}

/// The same for work that only waits for other work. It begins when the runtime is started for something else, so that
/// it does not start a thread by itself.
pub(super) fn spawn_when_running(work: BoxFuture<'static, ()>) -> Arc<Waiting> {
    WAITING.add(work, runtime)
}

/// Runs `work` on the runtime to its end, even if the caller stops waiting, and converts its error. Boxed, so that the
/// wait is compiled once for each type of result and not for each exported function.
pub(super) fn run<T, F>(
    manager: &SessionManager,
    work: impl FnOnce(SessionManager) -> F,
) -> BoxFuture<'static, Result<T, SessionError>>
where
    T: Send + 'static,
    F: Future<Output = Result<T, Error>> + Send + 'static,
{
    manager.expire_sign_in();
    let (work, outcome) = awaited(work(manager.clone()));
    spawn(work);
    Box::pin(converted(outcome))
}

async fn converted<T>(outcome: impl Future<Output = Option<Result<T, Error>>>) -> Result<T, SessionError> {
    let ended_early = || Err(Error::Internal("a task of Pilotlight's ended early".to_owned()));
    outcome.await.unwrap_or_else(ended_early).map_err(SessionError::from)
}

#[cfg(test)]
#[cfg(feature = "http-client")]
mod tests {
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_blocked_thread_of_connections_blocks_no_timer() {
        let (unblock, unblocked) = channel::<()>();
        let blocked = http_runtime().spawn(async move { unblocked.recv() });
        let (slept, sleeps) = channel();
        spawn(Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(1)).await;
            slept.send(()).unwrap();
        }));
        sleeps.recv_timeout(Duration::from_secs(20)).unwrap();
        assert!(!blocked.is_finished());
        unblock.send(()).unwrap();
    }
}
