//! The stored form of a session, and readers of what other libraries stored. Pure: bytes in, values out.

pub mod envelope;
pub mod migration;
mod store_error;

pub use store_error::StoreError;
