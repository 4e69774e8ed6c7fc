//! Pilotlight's own small runtime. A Swift thread only waits: the work runs here, so that a cancelled Swift task does
//! not stop a renewal half way, and a panic becomes an error.

use std::future::{self, Future};
use std::io;
use std::sync::LazyLock;
use std::thread;

use tokio::runtime::{Builder, Handle};

use super::error::SessionError;
use crate::machine::error::Error;
use crate::ports::{BoxFuture, awaited};
use crate::session::SessionManager;

/// One thread is enough for a handful of requests, and a runtime that never has more is smaller; blocking calls
/// (Keychain, files) get threads of their own that end when idle.
static RUNTIME: LazyLock<Handle> = LazyLock::new(|| {
    let started = start();
    #[expect(
        clippy::expect_used,
        reason = "without a thread there is no session, and a lazily made static has nobody to tell"
    )]
    started.expect("the system gave no thread")
});

fn start() -> io::Result<Handle> {
    const NAME: &str = "pilotlight";
    let runtime = Builder::new_current_thread().thread_name(NAME).enable_all().build()?;
    let handle = runtime.handle().clone();
    let work_for_ever = move || runtime.block_on(future::pending::<()>());
    thread::Builder::new().name(NAME.to_owned()).spawn(work_for_ever)?;
    Ok(handle)
}

pub(super) fn runtime() -> &'static Handle {
    &RUNTIME
}

/// Starts `work` on the runtime. Always boxed: tokio's code for a task is compiled once for each type of future.
pub(super) fn spawn(work: BoxFuture<'static, ()>) {
    // Dropping the join handle detaches the task; it does not cancel it.
    drop(RUNTIME.spawn(work));
}

/// Runs `work` on the runtime to its end, whatever becomes of the caller, and converts its error.
pub(super) fn run<T, F>(
    manager: &SessionManager,
    work: impl FnOnce(SessionManager) -> F,
) -> impl Future<Output = Result<T, SessionError>>
where
    T: Send + 'static,
    F: Future<Output = Result<T, Error>> + Send + 'static,
{
    // Whoever calls is not suspended.
    manager.resume();
    let (work, outcome) = awaited(work(manager.clone()));
    spawn(work);
    converted(outcome)
}

async fn converted<T>(outcome: impl Future<Output = Option<Result<T, Error>>>) -> Result<T, SessionError> {
    let ended_early = || Err(Error::Internal("a task of Pilotlight's ended early".to_owned()));
    outcome.await.unwrap_or_else(ended_early).map_err(SessionError::from)
}
