//! A Keychain in memory with what makes the real one hard: a lock, classes, other processes, and "not found" before the
//! first unlock.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use pilotlight_core::adapters::keychain::{Accessibility, ItemQuery, KeychainItems, KeychainStatus};
use pilotlight_core::secret::SecretBytes;

/// Clones are other processes' views of the same Keychain.
#[derive(Clone, Debug, Default)]
pub(crate) struct FakeKeychain(Arc<Mutex<Contents>>);

#[derive(Debug, Default)]
struct Contents {
    items: HashMap<Key, (SecretBytes, Accessibility)>,
    device: Device,
    /// Answers to give instead of doing anything, in order.
    failures: Vec<KeychainStatus>,
    /// What another process does right after the next call has answered.
    interference: Vec<Interference>,
    calls: Vec<String>,
}

type Key = (String, String, Option<String>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Device {
    #[default]
    Unlocked,
    Locked,
    /// Restarted and not unlocked since; what cannot be decrypted is reported as locked.
    NotYetUnlocked,
    /// The same, but what cannot be decrypted is reported as not found.
    NotYetUnlockedAndLying,
}

#[derive(Clone, Debug)]
pub(crate) enum Interference {
    Nothing,
    Add(&'static str, &'static str),
    Remove(&'static str),
    Unlock,
}

impl FakeKeychain {
    pub(crate) fn set_device(&self, device: Device) {
        self.contents().device = device;
    }

    pub(crate) fn fail_next(&self, status: KeychainStatus) {
        self.contents().failures.push(status);
    }

    /// One for each coming call.
    pub(crate) fn interfere(&self, interference: impl IntoIterator<Item = Interference>) {
        self.contents().interference = interference.into_iter().collect();
    }

    /// What was called since the last time, as `call service/account`.
    pub(crate) fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.contents().calls)
    }

    /// The one item of that account, whatever its service and group.
    pub(crate) fn item(&self, account: &str) -> Option<(SecretBytes, Accessibility, Key)> {
        let contents = self.contents();
        let mut found = contents.items.iter().filter(|((_, key, _), _)| key == account);
        let (key, (value, class)) = found.next()?;
        assert!(found.next().is_none(), "two items of the name {account}");
        Some((value.clone(), *class, key.clone()))
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.0.lock().unwrap()
    }

    /// One call: recorded, failed where the test wants it, and followed by another process's step.
    fn call<T>(
        &self,
        name: &str,
        item: ItemQuery<'_>,
        act: impl FnOnce(&mut Contents, Key) -> Result<T, KeychainStatus>,
    ) -> Result<T, KeychainStatus> {
        let mut contents = self.contents();
        contents.calls.push(format!("{name} {}/{}", item.service, item.account));
        let key = (
            item.service.to_owned(),
            item.account.to_owned(),
            item.access_group.map(str::to_owned),
        );
        let failed = (!contents.failures.is_empty()).then(|| contents.failures.remove(0));
        let outcome = match failed {
            Some(status) => Err(status),
            None => act(&mut contents, key.clone()),
        };
        if !contents.interference.is_empty() {
            let step = contents.interference.remove(0);
            contents.interfere(step, &key);
        }
        outcome
    }
}

impl Contents {
    fn interfere(&mut self, step: Interference, (service, _, group): &Key) {
        let key = |account: &str| (service.clone(), account.to_owned(), group.clone());
        match step {
            Interference::Nothing => {}
            Interference::Add(account, value) => {
                let item = (SecretBytes::new(value.into()), Accessibility::default());
                self.items.insert(key(account), item);
            }
            Interference::Remove(account) => drop(self.items.remove(&key(account))),
            Interference::Unlock => self.device = Device::Unlocked,
        }
    }

    /// Whether the key of this class is in memory.
    fn unlocks(&self, class: Accessibility) -> Result<(), KeychainStatus> {
        use Accessibility as A;
        let needs_unlocked = matches!(
            class,
            A::WhenUnlocked | A::WhenUnlockedThisDeviceOnly | A::WhenPasscodeSetThisDeviceOnly
        );
        let needs_nothing = matches!(class, A::Always | A::AlwaysThisDeviceOnly);
        match self.device {
            Device::Unlocked => Ok(()),
            Device::Locked if !needs_unlocked => Ok(()),
            _ if needs_nothing => Ok(()),
            _ => Err(KeychainStatus::INTERACTION_NOT_ALLOWED),
        }
    }

    /// The item's class, or the answer when it is not there, or cannot be seen.
    fn find(&self, key: &Key) -> Result<Accessibility, KeychainStatus> {
        let class = self.items.get(key).ok_or(KeychainStatus::ITEM_NOT_FOUND)?.1;
        if self.device == Device::NotYetUnlockedAndLying {
            self.unlocks(class).map_err(|_| KeychainStatus::ITEM_NOT_FOUND)?;
        }
        Ok(class)
    }
}

impl KeychainItems for FakeKeychain {
    fn copy(&self, item: ItemQuery<'_>) -> Result<SecretBytes, KeychainStatus> {
        self.call("copy", item, |contents, key| {
            let class = contents.find(&key)?;
            contents.unlocks(class)?;
            Ok(contents.items[&key].0.clone())
        })
    }

    fn add(&self, item: ItemQuery<'_>, value: &SecretBytes, class: Accessibility) -> Result<(), KeychainStatus> {
        self.call("add", item, |contents, key| {
            // Which of the two the system looks at first is not documented; the worse order for us is the lying one.
            let taken = contents.items.contains_key(&key);
            if taken && contents.device == Device::NotYetUnlockedAndLying {
                return Err(KeychainStatus::DUPLICATE_ITEM);
            }
            contents.unlocks(class)?;
            if taken {
                return Err(KeychainStatus::DUPLICATE_ITEM);
            }
            contents.items.insert(key, (value.clone(), class));
            Ok(())
        })
    }

    fn update(&self, item: ItemQuery<'_>, value: &SecretBytes, class: Accessibility) -> Result<(), KeychainStatus> {
        self.call("update", item, |contents, key| {
            let old = contents.find(&key)?;
            contents.unlocks(old)?;
            contents.unlocks(class)?;
            contents.items.insert(key, (value.clone(), class));
            Ok(())
        })
    }

    fn delete(&self, item: ItemQuery<'_>) -> Result<(), KeychainStatus> {
        self.call("delete", item, |contents, key| {
            contents.find(&key)?;
            contents.items.remove(&key);
            Ok(())
        })
    }

    fn accounts(&self, service: &str, access_group: Option<&str>) -> Result<Vec<String>, KeychainStatus> {
        let list = ItemQuery {
            service,
            account: "*",
            access_group,
        };
        self.call("accounts", list, |contents, (service, _, group)| {
            let of_store = |key: &&Key| key.0 == service && group.as_ref().is_none_or(|_| key.2 == group);
            let keys: Vec<_> = contents.items.keys().filter(of_store).cloned().collect();
            let names: Vec<_> = keys
                .iter()
                .filter(|key| contents.find(key).is_ok())
                .map(|key| key.1.clone())
                .collect();
            if names.is_empty() {
                Err(KeychainStatus::ITEM_NOT_FOUND)
            } else {
                Ok(names)
            }
        })
    }
}
