//! What a session is made of: plain data, and the rules of each kind of data. Pure: no I/O, no clock.

pub mod audience;
pub mod configuration;
pub mod credentials;
pub mod depth;
pub mod invalid;
pub mod json;
pub mod lifetime;
pub mod metadata;
pub mod numeric_date;
pub mod pending_update;
pub mod profile;
pub mod proof_key;
pub mod proof_nonces;
pub mod revocable;
pub mod scopes;
pub mod secret;
pub mod secret_members;
pub(crate) mod sorted;
pub mod state;
pub mod time;
mod wiped;
