//! The stored form of a session, and readers for the items of other libraries. Pure: bytes in, values out.

pub mod envelope;
pub mod migration;
mod store_error;

pub use store_error::StoreError;
