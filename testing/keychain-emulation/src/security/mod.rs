//! Keychain Services, emulated: the functions that the adapter calls, under their own names, over CoreFoundation's own
//! dictionaries. As strict as Apple's and in places stricter. Each service is its own device, so that tests that run
//! at once do not meet.

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

/// The app's first group, where new items go, and one that it shares.
pub const GROUPS: [&str; 2] = ["TEAM.org.example.app", "TEAM.org.example.shared"];

/// What was called.
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
    /// It was, since its start.
    Locked,
    /// It never was since its start. What cannot be decrypted is reported as locked.
    NeverUnlocked,
    /// The same, and what cannot be decrypted is reported as not found.
    NeverUnlockedAndLying,
}

/// A device, as one service sees it.
#[derive(Clone, Debug, Default)]
pub struct Device {
    /// Whether it is unlocked.
    pub lock: Lock,
    /// What the user does the next times; then authenticates.
    pub answers: Vec<Answer>,
    /// The prompts that the user has seen, with the reuse of a device unlock.
    pub prompts: Vec<(String, u32)>,
    /// The calls so far.
    pub calls: Vec<Function>,
    /// What the coming calls answer instead of doing anything; `None` lets one pass.
    pub failures: Vec<Option<i32>>,
    /// Adding finds what is there already before it finds that the device is locked: which comes first is not documented.
    pub answers_add_first: bool,
    /// Everything that is in the Keychain.
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
    /// The items of that account that are neither the probe nor a companion, in the order in which they were added.
    pub fn items(&self, account: &str) -> Vec<Item> {
        let mut items = self.items.clone();
        items.retain(|item| item.account == account && !item.service.ends_with(".guarded-sessions"));
        items
    }

    /// What other code puts there.
    pub fn put(&mut self, item: Item) {
        self.items.push(item);
    }

    /// The `nth` call from now on, counted from 1, and no other, answers `status`.
    pub fn fail_nth(&mut self, nth: usize, status: i32) {
        self.failures = vec![None; nth - 1];
        self.failures.push(Some(status));
    }

    /// How often a function was called since the last time this was asked.
    pub fn take_counts(&mut self) -> BTreeMap<Function, usize> {
        let mut counts = BTreeMap::new();
        for call in self.calls.drain(..) {
            *counts.entry(call).or_default() += 1;
        }
        counts
    }
}

/// A reference that is the caller's from now on (Create Rule).
#[allow(clippy::mem_forget, reason = "the caller releases it")]
fn given(object: CFType) -> CFTypeRef {
    let reference = object.as_CFTypeRef();
    std::mem::forget(object);
    reference
}
