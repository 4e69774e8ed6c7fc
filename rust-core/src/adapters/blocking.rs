//! Runs blocking work on a thread that may block. The runtime's own thread runs the timers and requests of every
//! session.

use tokio::runtime::Handle;

use super::autorelease::in_pool;
use crate::ports::{Outcome, StoreError};

/// Runs `work` on a blocking thread of `runtime`. Work that has begun runs to its end, even if the caller stops
/// waiting.
pub(super) async fn off_thread<T: Send + 'static>(
    runtime: &Handle,
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let outcome = run(runtime, Box::new(move || Outcome::of(in_pool(work)))).await?;
    outcome.get().unwrap_or_else(|| Err(not_finished(false)))
}

/// Compiled once, whatever type the work returns.
async fn run(runtime: &Handle, work: Box<dyn FnOnce() -> Outcome + Send>) -> Result<Outcome, StoreError> {
    let outcome = runtime.spawn_blocking(work).await;
    outcome.map_err(|error| not_finished(error.is_panic()))
}

/// The panic's own message is left out: it may quote what was being stored.
pub(super) fn not_finished(panicked: bool) -> StoreError {
    let explanation = if panicked {
        "it panicked"
    } else {
        "Pilotlight's runtime is shutting down"
    };
    StoreError::Failed {
        explanation: explanation.to_owned(),
        status: None,
    }
}
