//! The proxies that connections go through.

#[cfg(feature = "http-client")]
mod client;
#[cfg(feature = "http-client")]
mod entries;
mod source;
#[cfg(feature = "http-client")]
mod target;
#[cfg(feature = "http-client")]
mod ways;

#[cfg(all(feature = "http-client", target_vendor = "apple"))]
mod cfnetwork;

#[cfg(feature = "http-client")]
pub(super) use client::{proxy_of, system_lookup};
#[cfg(feature = "http-client")]
pub use entries::ProxyEntry;
pub use source::ProxySource;
#[cfg(feature = "http-client")]
pub use ways::Lookup;
#[cfg(feature = "http-client")]
pub(super) use ways::until_connected;
