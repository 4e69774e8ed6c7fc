//! Keychain Services, emulated: the functions that the adapter calls, under their own names, over CoreFoundation's own
//! dictionaries. They are as strict as Apple's and in places stricter. Each service has a separate device, so that
//! tests that run at the same time do not interfere.

mod access_control;
mod arguments;
mod calls;
mod constants;
mod items;
mod user;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use core_foundation::base::{CFType, TCFType};
use core_foundation_sys::base::CFTypeRef;

pub use self::access_control::Protection;
pub use self::items::{Item, Stored};
pub use self::user::Answer;
pub(crate) use self::user::{invalidate_context, new_context};

/// The app's first group, to which new items go, and a group that it shares.
pub const GROUPS: [&str; 2] = ["TEAM.org.example.app", "TEAM.org.example.shared"];

/// The called function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Function {
    /// `SecItemCopyMatching`
    CopyMatching,
    /// `SecItemAdd`
    Add,
    /// `SecItemUpdate`
    Update,
    /// `SecItemDelete`
    Delete,
}

/// Whether the device has been unlocked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lock {
    /// It is unlocked.
    #[default]
    Unlocked,
    /// It has been unlocked since its start, and is locked now.
    Locked,
    /// It has not been unlocked since its start. Items that cannot be decrypted are reported as locked.
    NeverUnlocked,
    /// The same, but items that cannot be decrypted are reported as not found.
    NeverUnlockedAndLying,
}

/// A device, as seen by one service.
#[derive(Clone, Debug, Default)]
pub struct Device {
    /// Whether it is unlocked.
    pub lock: Lock,
    /// What the user does at the next prompts; after these, the user authenticates.
    pub answers: Vec<Answer>,
    /// The prompts that the user has seen, with the reuse duration of a device unlock.
    pub prompts: Vec<(String, u32)>,
    /// The calls so far.
    pub calls: Vec<Function>,
    /// What the next calls return instead of doing anything; `None` lets a call pass.
    pub failures: Vec<Option<i32>>,
    /// Whether adding reports an existing item before it reports that the device is locked; the order is not
    /// documented.
    pub answers_add_first: bool,
    /// All items in the Keychain.
    pub items: Vec<Item>,
}

static DEVICES: Mutex<BTreeMap<String, Device>> = Mutex::new(BTreeMap::new());

fn devices() -> MutexGuard<'static, BTreeMap<String, Device>> {
    DEVICES.lock().unwrap()
}

/// Looks at or changes the device of a service.
pub fn with<T>(service: &str, look: impl FnOnce(&mut Device) -> T) -> T {
    look(devices().entry(service.to_owned()).or_default())
}

impl Device {
    /// The items of that account, except the probe and companions, in the order in which they were added.
    pub fn items(&self, account: &str) -> Vec<Item> {
        let mut items = self.items.clone();
        items.retain(|item| item.account == account && !item.service.ends_with(".guarded-sessions"));
        items
    }

    /// Adds an item like other code.
    pub fn put(&mut self, item: Item) {
        self.items.push(item);
    }

    /// Makes only the `nth` call from now on, counted from 1, return `status`.
    pub fn fail_nth(&mut self, nth: usize, status: i32) {
        self.failures = vec![None; nth - 1];
        self.failures.push(Some(status));
    }

    /// How often each function was called since this was last asked.
    pub fn take_counts(&mut self) -> BTreeMap<Function, usize> {
        let mut counts = BTreeMap::new();
        for call in self.calls.drain(..) {
            *counts.entry(call).or_default() += 1;
        }
        counts
    }
}

/// A reference that belongs to the caller from now on (Create Rule).
#[allow(clippy::mem_forget, reason = "the caller releases it")]
fn given(object: CFType) -> CFTypeRef {
    let reference = object.as_CFTypeRef();
    std::mem::forget(object);
    reference
}
