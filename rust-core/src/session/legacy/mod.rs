//! What older Auth0 tenants have instead, where the configuration allows it.
//!
//! Their sessions live by their ID token, as those that Lock 1 kept. What is different about renewing them is in
//! `tokens/delegation`; signing in with a password is in `sign_in/password`.
//!
//! - `base`: where these endpoints are, and whether they may be used.
//! - `token_info`: the profile of an ID token.
//! - `delegation`: tokens for add-ons.

pub(super) mod base;
mod delegation;
pub(super) mod token_info;

pub use delegation::DelegationOptions;

pub(super) use delegation::Delegation;
