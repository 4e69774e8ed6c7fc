//! The life of a session at identity servers that others wrote: oidc-provider, certified and strict;
//! django-oauth-toolkit, which omits what the specifications leave open; and LemonLDAP::NG, with its own error codes.
//! `testing/interop/README.md` describes each.
//!
//! `cargo test -p pilotlight-core --test interop`; the first run installs the servers. Sockets, HTTP, files, randomness
//! and the servers' clocks are real; the tests control the device's clock.

// Clippy recognises only the test functions themselves as tests.
#![allow(clippy::unwrap_used, clippy::panic)]

mod callback;
mod device;
mod dpop;
mod exchange;
mod keys;
mod lemonldap;
mod lifetime;
mod logout;
mod outage;
mod renewal;
mod resources;
mod rotation;
mod sign_in;
mod step_up;
mod support;
mod userinfo;
