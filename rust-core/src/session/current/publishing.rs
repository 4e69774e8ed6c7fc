//! Telling who listens: every change once, in order.

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::{Current, Inner};
use crate::state::SessionState;
use crate::time::Instant;

impl Current {
    pub(in super::super) fn subscribe(&self, now: Instant) -> UnboundedReceiver<SessionState> {
        let (sender, receiver) = unbounded_channel();
        let mut inner = self.lock();
        inner.publish(now);
        if let Some(state) = inner.published.clone() {
            // The receiver is right here, so this cannot fail.
            let _ = sender.send(state);
        }
        inner.subscribers.push(sender);
        receiver
    }

    /// Tells the subscribers, if the state is not the one they were told last.
    pub(in super::super) fn publish(&self, now: Instant) {
        self.lock().publish(now);
    }
}

impl Inner {
    fn publish(&mut self, now: Instant) {
        // Nobody hears of new tokens before the store was given them; whoever writes them tells.
        if self.held().is_some() && self.tokens_revision > self.tried_revision {
            return;
        }
        let state = self.state(now);
        if state.is_some() && state != self.published {
            self.published = state.clone();
            self.subscribers
                .retain(|subscriber| state.clone().is_some_and(|state| subscriber.send(state).is_ok()));
        }
    }
}
