//! Through which proxy a connection goes.

mod entries;

#[cfg(target_vendor = "apple")]
mod cfnetwork;
#[cfg(any(test, target_vendor = "apple"))]
mod target;

use reqwest::Proxy;

pub use entries::{ProxyEntry, first_usable};

/// Who says which proxy a connection to the issuer goes through. TLS always reaches to the issuer: a proxy sees its host
/// name and no more. Plain HTTP, which only loopback may have, never goes through one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum ProxySource {
    /// The system, asked before each connection: its settings, those of the device's management and of the network (a
    /// proxy, or an automatic configuration, which is downloaded and run). Nobody where the system has no such settings,
    /// as on Linux.
    #[default]
    System,
    /// The environment: `HTTPS_PROXY`, else `ALL_PROXY`, but not for what `NO_PROXY` names; the same in lower case. Read
    /// when the first request is sent. On iOS, where an app has no such variables, the same as `Direct`.
    Environment,
    /// Nobody: every connection goes to the issuer directly.
    Direct,
}

/// For reqwest; `None` for no proxy at all.
///
/// # Errors
/// Where the environment names what is no proxy. To connect without it would tell the network what the user's company
/// hides from it.
pub(super) fn proxy_of(source: ProxySource) -> reqwest::Result<Option<Proxy>> {
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
    use super::autorelease::in_pool;

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
