//! The proxies of the HTTP client.

use reqwest::Proxy;

use super::source::ProxySource;

/// For reqwest; `None` for no proxy at all.
///
/// # Errors
/// Where the environment names what is no proxy. To connect without it would tell the network what the user's company
/// hides from it.
pub(in crate::adapters) fn proxy_of(source: ProxySource) -> reqwest::Result<Option<Proxy>> {
    match source {
        ProxySource::Direct => Ok(None),
        ProxySource::Environment => from_environment(),
        ProxySource::System => Ok(from_system()),
    }
}

#[cfg(not(target_os = "ios"))]
fn from_environment() -> reqwest::Result<Option<Proxy>> {
    use std::env;

    use reqwest::NoProxy;

    let value = |name: &str| env::var(name).ok().filter(|value| !value.trim().is_empty());
    let names = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let Some(proxy) = names.into_iter().find_map(value) else {
        return Ok(None);
    };
    Ok(Some(Proxy::https(proxy)?.no_proxy(NoProxy::from_env())))
}

/// There is none, and no code for it.
#[cfg(target_os = "ios")]
fn from_environment() -> reqwest::Result<Option<Proxy>> {
    Ok(None)
}

#[cfg(target_vendor = "apple")]
fn from_system() -> Option<Proxy> {
    use super::entries::first_usable;
    use super::{cfnetwork, target};
    use crate::adapters::autorelease::in_pool;

    Some(Proxy::custom(|url| {
        let target = target::of(url)?;
        first_usable(&in_pool(|| cfnetwork::entries_for(target.as_str())))
    }))
}

/// The system has no settings.
#[cfg(not(target_vendor = "apple"))]
fn from_system() -> Option<Proxy> {
    None
}
