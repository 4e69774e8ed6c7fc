//! The contract of every session store ([`SecretStore`]), as tests that run in the same way on each of them.
//!
//! ```ignore
//! pilotlight_store_contract::promises! {
//!     memory: MemoryPlace::default();
//! }
//! ```
//! makes a module `memory` with one test for each promise. Each test has a separate place.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    missing_debug_implementations,
    reason = "these are the bodies of tests"
)]

mod at_once;
mod failures;
mod items;
mod model;

use std::any::Any;
use std::sync::Arc;

use pilotlight_core::adapters::off_thread::{BlockingStore, OffThread};
use pilotlight_core::model::secret::SecretBytes;
use pilotlight_core::ports::SecretStore;
use tokio::runtime::Handle;

pub use self::at_once::{a_reader_sees_the_old_or_the_new_value, eight_threads_lose_nothing, no_swap_undoes_another};
pub use self::failures::{a_failure_leaves_the_old_value, a_failure_shows_no_value};
pub use self::items::{
    a_deleted_item_is_gone_and_deleting_nothing_succeeds, a_swap_replaces_only_what_was_seen,
    a_write_replaces_the_whole_item, any_bytes_are_kept, any_text_is_a_name_of_its_own, debug_shows_no_value,
    items_do_not_touch_each_other, names_are_those_of_the_items_that_are_there,
    two_who_open_the_same_place_see_the_same, what_was_written_is_read_at_once,
};
pub use self::model::any_sequence_of_operations_does_what_a_map_does;
#[doc(hidden)]
pub use tokio;

/// A place for items, empty at first.
pub trait Place: Send + Sync {
    /// A store at this place. If it is opened twice, both have the same items.
    fn open(&self) -> Arc<dyn SecretStore>;

    /// The ways in which a store at this place can fail; none if it cannot.
    fn failures(&self) -> Vec<Failure> {
        Vec::new()
    }
}

/// One way to fail.
pub struct Failure {
    /// For the message of a failed test.
    pub name: String,
    /// Whether every write fails while it lasts. Otherwise some may succeed.
    pub certain: bool,
    /// Begins the failure, which ends when the returned value is dropped.
    pub begin: Box<dyn Fn() -> Box<dyn Any>>,
}

/// A blocking store as the session sees it.
///
/// # Panics
/// Outside a tokio runtime.
pub fn off_thread(store: impl BlockingStore + 'static) -> Arc<dyn SecretStore> {
    Arc::new(OffThread::new(Arc::new(store), Handle::current()))
}

fn bytes(value: impl Into<Vec<u8>>) -> SecretBytes {
    SecretBytes::new(value.into())
}

async fn sorted_names(store: &dyn SecretStore) -> Vec<String> {
    let mut names = store.names().await.unwrap();
    names.sort();
    names
}

/// `kind: place;` for each kind of store: makes a module with one test for each promise.
#[macro_export]
macro_rules! promises {
    ($($kind:ident: $place:expr;)*) => {
        $(mod $kind {
            #[allow(unused_imports, reason = "a place may need nothing of the modules around it")]
            use super::*;

            $crate::promises!(@each $place;
                what_was_written_is_read_at_once
                a_write_replaces_the_whole_item
                a_deleted_item_is_gone_and_deleting_nothing_succeeds
                a_swap_replaces_only_what_was_seen
                any_bytes_are_kept
                any_text_is_a_name_of_its_own
                items_do_not_touch_each_other
                names_are_those_of_the_items_that_are_there
                two_who_open_the_same_place_see_the_same
                any_sequence_of_operations_does_what_a_map_does
                eight_threads_lose_nothing
                no_swap_undoes_another
                a_reader_sees_the_old_or_the_new_value
                a_failure_leaves_the_old_value
                a_failure_shows_no_value
                debug_shows_no_value);
        })*
    };
    (@each $place:expr; $($promise:ident)*) => {
        $(#[test]
        fn $promise() {
            $crate::run(|| $place, |place| Box::pin($crate::$promise(place)));
        })*
    };
}

/// Runs a promise on a new place, inside a runtime like the core's.
///
/// # Panics
/// If the promise does not hold.
pub fn run<P: Place>(
    place: impl FnOnce() -> P,
    promise: impl for<'a> FnOnce(&'a dyn Place) -> std::pin::Pin<Box<dyn Future<Output = ()> + 'a>>,
) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()
        .unwrap();
    let place = place();
    runtime.block_on(promise(&place));
}
