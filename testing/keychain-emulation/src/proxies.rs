//! The adapter's own file that asks for proxies.
#![allow(unreachable_pub, reason = "the file belongs to another crate")]

include!(concat!(env!("OUT_DIR"), "/proxies.rs"));

pub(crate) mod entries {
    pub(crate) use pilotlight_core::adapters::proxy::ProxyEntry;
}
