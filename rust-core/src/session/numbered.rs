//! Version numbers for shared values, so that a caller can check whether its copy is still current.

use std::sync::Arc;

/// A value and its number. The value is kept, so that no later value can have its address.
#[derive(Debug)]
pub(super) struct Numbered<T> {
    value: Option<Arc<T>>,
    number: u64,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self { value: None, number: 0 }
    }
}

impl<T> Numbered<T> {
    /// The number of the current value: 0 for none, and a new number whenever another value replaces it.
    pub(super) fn number(&mut self, now: Option<Arc<T>>) -> u64 {
        let is_same = match (&self.value, &now) {
            (Some(known), Some(now)) => Arc::ptr_eq(known, now),
            _ => false,
        };
        if !is_same {
            self.number += u64::from(now.is_some());
            self.value = now;
        }
        if self.value.is_some() { self.number } else { 0 }
    }
}
