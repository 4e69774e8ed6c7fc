//! The notifications between processes that this system has.

use std::sync::Arc;

#[cfg(target_vendor = "apple")]
use super::darwin_notifications::DarwinNotifications;
use super::store_changes::StoreChanges;
#[cfg(target_vendor = "apple")]
use super::store_changes::name_of;

/// The notifications about `store`; `None` if the system has none that Pilotlight supports.
#[cfg(target_vendor = "apple")]
pub fn between_processes(store: &str) -> Option<Arc<dyn StoreChanges>> {
    Some(Arc::new(DarwinNotifications::new(name_of(store))))
}

/// None: the system has no notifications that Pilotlight supports.
#[cfg(not(target_vendor = "apple"))]
pub fn between_processes(_store: &str) -> Option<Arc<dyn StoreChanges>> {
    None
}
