//! Through which proxy a connection goes.

#[cfg(feature = "http-client")]
mod client;
#[cfg(feature = "http-client")]
mod entries;
mod source;

#[cfg(all(feature = "http-client", target_vendor = "apple"))]
mod cfnetwork;
#[cfg(all(feature = "http-client", any(test, target_vendor = "apple")))]
mod target;

#[cfg(feature = "http-client")]
pub(super) use client::proxy_of;
#[cfg(feature = "http-client")]
pub use entries::{ProxyEntry, first_usable};
pub use source::ProxySource;
