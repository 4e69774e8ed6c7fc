//! Pilotlight's own small runtime. A Swift thread only waits: the work runs here, so that a cancelled Swift task does
//! not stop a renewal half way, and a panic becomes an error.

use std::future::Future;
use std::sync::{Arc, LazyLock};

use tokio::runtime::{Builder, Runtime};

use super::error::SessionError;
use super::storage::SessionStorage;
use crate::adapters::http::HttpTransport;
use crate::adapters::system::{SystemClock, SystemRandomness, TokioSpawner};
use crate::error::Error;
use crate::ports::Log;
use crate::session::{Environment, SessionManager};

/// One worker is enough for a handful of requests; blocking calls (Keychain, files) get threads of their own that end
/// when idle.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let built = Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("pilotlight")
        .enable_all()
        .build();
    #[expect(
        clippy::expect_used,
        reason = "without a thread there is no session, and a lazily made static has nobody to tell"
    )]
    built.expect("the system gave no thread")
});

pub(super) fn runtime() -> &'static Runtime {
    &RUNTIME
}

/// Everything the session needs of the world, for real.
pub(super) fn environment(storage: &SessionStorage, log: Arc<dyn Log>) -> Result<Environment, SessionError> {
    Ok(Environment {
        store: storage.open()?,
        transport: Arc::new(HttpTransport::new()),
        clock: Arc::new(SystemClock),
        randomness: Arc::new(SystemRandomness),
        spawner: Arc::new(TokioSpawner::new(runtime().handle().clone())),
        log,
    })
}

/// Runs `work` on the runtime to its end, whatever becomes of the caller, and converts its error.
pub(super) async fn run<T, F>(
    manager: &SessionManager,
    work: impl FnOnce(SessionManager) -> F,
) -> Result<T, SessionError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, Error>> + Send + 'static,
{
    match runtime().spawn(work(manager.clone())).await {
        Ok(result) => result.map_err(SessionError::from),
        Err(_) => Err(Error::Internal("a task of Pilotlight's ended early".to_owned()).into()),
    }
}
