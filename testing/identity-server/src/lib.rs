//! An Auth0-compatible identity server for tests and demos, on loopback, with fault injection.
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use pilotlight_identity_server::{Endpoint, Fault, IdentityServer, Options};
//!
//! let server = IdentityServer::start(Options::default().with(|s| s.leeway = 10)).await?;
//! let callback = server.authorize(&format!("{}authorize?…", server.issuer()), "ada@example.com").await?;
//! server.control().fault(Endpoint::Token, Fault::reset().after_processing());
//! # Ok(()) }
//! ```
//!
//! Map: `endpoints` answer requests from `state` (accounts, grants, refresh token families), which holds the `records` of
//! requests in progress; `layer` surrounds them with faults and the request log; `wire` owns the sockets; [`Control`] steers it
//! all, and `control_http` offers the same over HTTP.
//!
//! The server is not secure: passwords are compared as plain text, the RSA keys are public, and anyone on the machine
//! can control it.

mod accounts;
mod answers;
mod clock;
mod control;
mod control_http;
mod device_secrets;
mod dpop;
mod endpoints;
mod fault_queue;
mod faults;
mod grant;
mod holds;
mod journal;
mod jws;
mod keys;
mod layer;
mod lock;
mod options;
mod params;
mod random;
mod rate_limit;
mod records;
mod refresh_tokens;
mod scripted;
mod secret;
mod server;
mod settings;
mod state;
mod tamper;
mod tokens;
mod wire;

pub use accounts::{Account, OTP, PASSWORD};
pub use control::Control;
pub use faults::{Effect, Fault};
pub use journal::{Counters, Endpoint, RequestRecord};
pub use keys::{Algorithm, OldKeys};
pub use options::{Api, Client, Options, Organization};
pub use secret::Secret;
pub use server::IdentityServer;
pub use settings::{AccessTokens, DeadRefreshToken, Dpop, MULTI_FACTOR, RateLimit, RetryAfter, Settings, UpdatedAt};
pub use tamper::{IdTokenFault, Signature};
