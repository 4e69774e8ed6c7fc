//! ID tokens through the public API: which are accepted, which are refused and why, and what no input may cause.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of a test fails as the test does"
)]

mod claims;
mod headers;
mod key_sets;
mod malformed;
mod signatures;
mod support;
mod times;
mod words;
