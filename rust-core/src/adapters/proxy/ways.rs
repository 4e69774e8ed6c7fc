//! The ways to a target, tried in the system's order until there is a connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use reqwest::Proxy;

use super::entries::{ProxyEntry, usable};
use super::target;

/// Returns the ways that the system names for a URL, in its order. Called before each connection; may block.
pub type Lookup = Arc<dyn Fn(&str) -> Vec<ProxyEntry> + Send + Sync>;

/// One attempt to connect for one request.
#[derive(Debug, Default)]
struct Attempt {
    /// How many ways have failed for this request.
    skipped: usize,
    /// Whether there is another way after this one.
    has_more: AtomicBool,
}

tokio::task_local! {
    static ATTEMPT: Arc<Attempt>;
}

/// The proxy for reqwest: each connection uses the first way that has not failed for its request.
pub(super) fn proxy_by(lookup: Lookup) -> Proxy {
    Proxy::custom(move |url| {
        let target = target::of(url)?;
        let ways = usable(&lookup(target.as_str()));
        let skipped = ATTEMPT.try_with(|attempt| {
            let has_more = ways.len() > attempt.skipped + 1;
            attempt.has_more.store(has_more, Ordering::Relaxed);
            attempt.skipped
        });
        ways.into_iter().nth(skipped.unwrap_or(0)).flatten()
    })
}

/// Calls `send` until it succeeds, `goes_on` returns false for its error, or no way is left.
pub(in crate::adapters) async fn until_connected<T, E, F: Future<Output = Result<T, E>>>(
    mut send: impl FnMut() -> F,
    goes_on: impl Fn(&E) -> bool,
) -> Result<T, E> {
    let mut skipped = 0;
    loop {
        let has_more = AtomicBool::new(false);
        let attempt = Arc::new(Attempt { skipped, has_more });
        let outcome = ATTEMPT.scope(Arc::clone(&attempt), send()).await;
        match outcome {
            Err(error) if goes_on(&error) && attempt.has_more.load(Ordering::Relaxed) => skipped += 1,
            outcome => return outcome,
        }
    }
}
