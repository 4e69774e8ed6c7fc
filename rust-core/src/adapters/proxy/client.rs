//! The proxies of the HTTP client.

use std::sync::Arc;

use reqwest::Proxy;

use super::source::ProxySource;
use super::ways::{Lookup, proxy_by};

/// The environment names something that is not a proxy, or a kind of proxy that this client does not support.
#[derive(Debug)]
pub(in crate::adapters) struct NotAProxy;

/// The proxy for reqwest; `None` for no proxy. `lookup` takes precedence if there is one.
///
/// # Errors
/// If the environment names something that is not a proxy. Connecting without it would reveal to the network what the
/// user's company hides from it.
pub(in crate::adapters) fn proxy_of(source: ProxySource, lookup: Option<&Lookup>) -> Result<Option<Proxy>, NotAProxy> {
    match (source, lookup) {
        (_, Some(lookup)) => Ok(Some(proxy_by(Arc::clone(lookup)))),
        (ProxySource::Environment, None) => from_environment(),
        (ProxySource::Direct | ProxySource::System, None) => Ok(None),
    }
}

#[cfg(not(all(target_vendor = "apple", not(target_os = "macos"))))]
fn from_environment() -> Result<Option<Proxy>, NotAProxy> {
    use std::env;

    use reqwest::NoProxy;

    let value = |name: &str| env::var(name).ok().filter(|value| !value.trim().is_empty());
    let names = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let Some(proxy) = names.into_iter().find_map(value) else {
        return Ok(None);
    };
    // reqwest would ignore a proxy with another scheme and connect directly.
    let scheme = proxy.split_once("://").map_or("http", |(scheme, _)| scheme);
    if !["http", "https", "socks4", "socks4a", "socks5", "socks5h"].contains(&scheme.to_ascii_lowercase().as_str()) {
        return Err(NotAProxy);
    }
    let proxy = Proxy::https(proxy).map_err(|_| NotAProxy)?;
    Ok(Some(proxy.no_proxy(NoProxy::from_env())))
}

/// Apart from macOS, Apple systems have no such environment, and this saves the code.
#[cfg(all(target_vendor = "apple", not(target_os = "macos")))]
fn from_environment() -> Result<Option<Proxy>, NotAProxy> {
    Ok(None)
}

/// The system's settings, if it has any.
#[cfg(target_vendor = "apple")]
pub(in crate::adapters) fn system_lookup() -> Option<Lookup> {
    use super::cfnetwork;
    use crate::adapters::autorelease::in_pool;

    Some(Arc::new(|target: &str| in_pool(|| cfnetwork::entries_for(target))))
}

/// None: the system has no settings.
#[cfg(not(target_vendor = "apple"))]
pub(in crate::adapters) fn system_lookup() -> Option<Lookup> {
    None
}
