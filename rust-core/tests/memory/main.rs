//! What is left of a token in freed memory: an allocator looks at each block before it gives it back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod allocator;
mod answers;
mod border;
mod requests;
