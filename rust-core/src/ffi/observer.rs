//! Carries changes of state to Swift, in order.

use std::sync::Arc;

use super::runtime::spawn;
use crate::session::SessionManager;
use crate::state::SessionState;

/// Hears of every change of the session's state.
#[uniffi::export(with_foreign)]
pub trait StateObserver: Send + Sync + std::fmt::Debug {
    /// Called for each change, one at a time and in order, on a thread of Pilotlight's own. Must return soon.
    fn state_changed(&self, state: SessionState);
}

/// Forwards until the session is gone: the sender side ends with it, so no task outlives it.
pub(super) fn forward_states(manager: &SessionManager, observer: Option<Arc<dyn StateObserver>>) {
    let Some(observer) = observer else { return };
    let mut states = manager.subscribe();
    spawn(Box::pin(async move {
        while let Some(state) = states.recv().await {
            observer.state_changed(state);
        }
    }));
}
