//! Sign-in.
//!
//! **Promises.** At most one sign-in is in progress; a sign-out or a newer sign-in takes precedence over it. The code
//! is sent once. The new session is stored before it is returned. **Needs** the context, the store, the issuer, its
//! verifier, the revocations, the import's record, the exchanged tokens and the second factors.
//!
//! - `pending`: the sign-in in progress.
//! - `shared_parts`: the parts that every way to sign in uses.
//! - `completion`: the last step of every sign-in.
//! - `device`: the user signs in on another device.
//! - `browser`: Authorization Code with PKCE.
//! - `step_up`: the session's user authenticates again.
//! - `mix_up`: several issuers with one redirect URI.
//! - `token_exchange`: with a token or code from another issuer.
//! - `password`: name and password, at older Auth0 tenants.
//! - `second_factor`: continues a sign-in that was refused because it needs a second factor.

mod browser;
mod completion;
mod device;
mod mix_up;
mod password;
pub(super) mod pending;
mod second_factor;
mod shared_parts;
mod step_up;
mod token_exchange;

pub use password::PasswordSignIn;
pub use token_exchange::ExternalToken;

pub(super) use browser::BrowserSignIn;
pub(super) use completion::SignInCompletion;
pub(super) use device::SignInOnAnotherDevice;
pub(super) use password::SignInByPassword;
pub(super) use second_factor::SignInBySecondFactor;
pub(super) use shared_parts::SignInParts;
pub(super) use token_exchange::SignInByTokenExchange;
