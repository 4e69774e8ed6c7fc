//! What to send to an issuer's endpoints, and how to read the answers. Pure: requests and answers are values.
//!
//! There is one file per endpoint. [`failure`] contains the table of what unsuccessful answers mean.

pub mod access_token;
pub mod actor;
pub mod answer;
pub mod authorization;
pub mod challenge;
pub mod content_coding;
pub mod device_authorization;
pub mod discovery;
pub mod dpop;
pub mod endpoint;
pub mod error;
pub mod exchange_failure;
pub mod exchanged_token;
pub mod failure;
mod intermediary;
pub mod issuer_message;
pub mod legacy;
pub mod logout;
pub mod message;
pub mod mfa;
pub mod mfa_token;
pub mod pkce;
pub mod pushed_authorization;
mod query;
pub mod revocation;
pub mod sanitized;
pub mod server_time;
pub mod token;
pub mod token_exchange;
pub mod transport_error;
pub mod userinfo;
pub mod users;

#[cfg(test)]
mod tests;
