//! Signing in.
//!
//! **Promises.** At most one sign-in is in progress; a sign-out or a newer sign-in beats it. The code is sent once. The new
//! session is stored before it is given. **Needs** the context, the store, the issuer, its verifier, the revocations and
//! the import's record.
//!
//! - `pending`: the sign-in in progress.
//! - `shared_parts`: what every way to sign in is given.
//! - `completion`: the end of every sign-in.
//! - `device`: the user signs in on another device.
//! - `browser`: Authorization Code with PKCE.
//! - `step_up`: the session's user authenticates once more.
//! - `mix_up`: several issuers behind one redirect URI.
//! - `token_exchange`: with what another issuer gave.
//! - `password`: name and password, at older Auth0 tenants.
//! - `second_factor`: a sign-in that was refused until the user has shown one.

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
