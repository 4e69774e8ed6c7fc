//! The session's rules. Pure: no lock, no async, no clock, no channel.

pub mod error;
pub mod event;
pub mod retry;
