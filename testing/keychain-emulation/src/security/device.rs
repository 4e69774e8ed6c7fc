//! The emulated device: its lock, its user and its items. Each service is a device by itself.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use super::arguments::Arguments;
use super::function::Function;
use super::items::Item;
use super::status::{AUTH_FAILED, INTERACTION_NOT_ALLOWED, USER_CANCELED};
use super::user::{self, Answer};

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

impl Device {
    /// Whether the key of the class is in memory.
    pub(super) fn unlocks(&self, class: &str) -> Result<(), i32> {
        let open = match self.lock {
            Lock::Unlocked => true,
            Lock::Locked => class.contains("AfterFirstUnlock") || class.contains("Always"),
            Lock::NeverUnlocked | Lock::NeverUnlockedAndLying => class.contains("Always"),
        };
        if open { Ok(()) } else { Err(INTERACTION_NOT_ALLOWED) }
    }

    pub(super) fn shows(&self, item: &Item) -> bool {
        let lies = self.lock == Lock::NeverUnlockedAndLying && self.unlocks(&item.protection.class).is_err();
        !lies && !item.lost
    }

    /// Asks the user, where the item wants it.
    pub(super) fn authenticate(&mut self, item: &Item, query: &Arguments) -> Result<(), i32> {
        if item.protection.flags == 0 {
            return Ok(());
        }
        user::authenticate(query.text("kSecUseAuthenticationContext"), |prompt, reuse| {
            let answer = if self.answers.is_empty() {
                Answer::default()
            } else {
                self.answers.remove(0)
            };
            if answer == Answer::IsNotThere {
                return Err(INTERACTION_NOT_ALLOWED);
            }
            self.prompts.push((prompt.to_owned(), reuse));
            match answer {
                Answer::Authenticates | Answer::IsNotThere => Ok(()),
                Answer::Cancels => Err(USER_CANCELED),
                Answer::Fails => Err(AUTH_FAILED),
            }
        })
    }

    /// The user enrols other fingers: items that were bound to the old ones are lost.
    pub fn change_fingers(&mut self) {
        for item in &mut self.items {
            item.lost |= item.protection.flags == 1 << 3;
        }
    }
}
