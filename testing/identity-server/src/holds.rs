//! Requests that wait until the test releases them.

use std::sync::Mutex;

use tokio::sync::{oneshot, watch};

use crate::journal::Endpoint;
use crate::lock::lock;

/// The requests that [`Fault::hold`](crate::Fault::hold) stopped.
#[derive(Debug)]
pub(crate) struct Holds {
    waiting: Mutex<Vec<(Endpoint, oneshot::Sender<()>)>>,
    progress: watch::Sender<()>,
}

impl Default for Holds {
    fn default() -> Self {
        Self {
            waiting: Mutex::default(),
            progress: watch::Sender::new(()),
        }
    }
}

impl Holds {
    /// Returns when the request is released.
    pub(crate) async fn hold(&self, endpoint: Endpoint) {
        let (release, released) = oneshot::channel();
        lock(&self.waiting).push((endpoint, release));
        self.progress.send_replace(());
        // An error means that the server is stopping, and the request with it.
        let _ = released.await;
    }

    /// Releases all held requests of an endpoint. Returns how many there were.
    pub(crate) fn release(&self, endpoint: Endpoint) -> usize {
        let released: Vec<_> = lock(&self.waiting)
            .extract_if(.., |(held, _)| endpoint.matches(*held))
            .collect();
        // Requests whose client hung up do not count.
        released
            .into_iter()
            .filter_map(|(_, release)| release.send(()).ok())
            .count()
    }

    /// How many requests are held, without those whose client hung up.
    pub(crate) fn held(&self, endpoint: Endpoint) -> usize {
        let waiting = lock(&self.waiting);
        waiting
            .iter()
            .filter(|(held, release)| endpoint.matches(*held) && !release.is_closed())
            .count()
    }

    /// Wakes at each newly held request.
    pub(crate) fn progress(&self) -> watch::Receiver<()> {
        self.progress.subscribe()
    }
}
