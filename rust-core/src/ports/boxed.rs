//! The future that every port returns.

use std::future::Future;
use std::pin::Pin;

/// A boxed future, which keeps the ports object-safe.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
