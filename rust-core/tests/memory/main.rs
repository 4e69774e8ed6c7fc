//! Remains of tokens in freed memory: an allocator searches each block before it is freed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod allocator;
mod answers;
mod border;
mod requests;
