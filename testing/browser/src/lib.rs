//! Plays the user's browser in a sign-in, and starts real identity servers to sign in at. For tests only.
//!
//! [`Browser`] follows an authorize URL through login and consent pages to the redirect URI. [`InteropServer`] runs one
//! of the servers of `testing/interop`. Only loopback addresses are allowed; others are refused.

mod browser;
mod credentials;
mod error;
mod form;
mod interop;
mod plain_http;
mod process;

pub use browser::Browser;
pub use credentials::Credentials;
pub use error::BrowserError;
pub use interop::{InteropError, InteropServer, ServerKind, ServerOptions};
pub use plain_http::plain_http_client;
