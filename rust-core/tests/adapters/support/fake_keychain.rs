//! A Keychain in memory with the difficulties of the real one: a lock, classes, other processes, and "not found" before
//! the first unlock.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use pilotlight_core::adapters::keychain::{
    Content, Copies, ItemQuery, KeychainAccessConstraint, KeychainAccessibility, KeychainItems, KeychainStatus,
};
use pilotlight_core::model::secret::{Fingerprint, SecretBytes};

/// Clones are other processes' views of the same Keychain.
#[derive(Clone, Debug, Default)]
pub(crate) struct FakeKeychain(Arc<Mutex<Contents>>);

#[derive(Debug, Default)]
struct Contents {
    items: BTreeMap<Key, Item>,
    device: Device,
    /// What the next calls return instead of doing anything; `None` lets a call pass.
    failures: Vec<Option<KeychainStatus>>,
    /// What another process does right after the next call has returned.
    interference: Vec<Interference>,
    calls: Vec<String>,
}

/// The app's first group. Items in it have no group in their [`Key`].
pub(crate) const OWN_GROUP: &str = "TEAM.org.example.app";

/// The suffix of the companions' service.
pub(crate) const COMPANIONS: &str = ".guarded-sessions";

/// What identifies an item.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) service: String,
    pub(crate) account: String,
    /// `None` for the app's own group.
    pub(crate) access_group: Option<String>,
    pub(crate) synchronizable: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) value: SecretBytes,
    /// The store's mark; other code sets no mark.
    pub(crate) mark: Option<Fingerprint>,
    pub(crate) accessibility: KeychainAccessibility,
    pub(crate) constraint: Option<KeychainAccessConstraint>,
    /// Bound by biometryCurrentSet to fingers that are no longer enrolled: no query finds it, but its place is taken.
    pub(crate) lost: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Device {
    #[default]
    Unlocked,
    Locked,
    /// Restarted and not unlocked since; items that cannot be decrypted are reported as locked.
    NotYetUnlocked,
    /// The same, but items that cannot be decrypted are reported as not found.
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
        self.contents().failures.push(Some(status));
    }

    /// Makes only the `nth` call from now on fail, counted from 1.
    pub(crate) fn fail_nth(&self, nth: usize, status: KeychainStatus) {
        let mut failures = vec![None; nth - 1];
        failures.push(Some(status));
        self.contents().failures = failures;
    }

    pub(crate) fn fail_no_more(&self) {
        self.contents().failures.clear();
    }

    /// One for each of the next calls.
    pub(crate) fn interfere(&self, interference: impl IntoIterator<Item = Interference>) {
        self.contents().interference = interference.into_iter().collect();
    }

    /// The calls since the last time, as `call service/account`.
    pub(crate) fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.contents().calls)
    }

    /// All items of that account in all groups, except the companions of guarded ones.
    pub(crate) fn items(&self, account: &str) -> Vec<(Key, Item)> {
        let of_account = |(key, _): &(&Key, &Item)| key.account == account && !key.service.ends_with(COMPANIONS);
        let contents = self.contents();
        let items = contents.items.iter().filter(of_account);
        items.map(|(key, item)| (key.clone(), item.clone())).collect()
    }

    /// The only item of that account.
    pub(crate) fn item(&self, account: &str) -> Option<(Key, Item)> {
        let mut items = self.items(account);
        assert!(items.len() < 2, "{} items of the name {account}", items.len());
        items.pop()
    }

    /// Adds an item like iCloud Keychain, another process or an older version of the app.
    pub(crate) fn put(&self, key: Key, value: &str) {
        self.put_of_class(key, value, KeychainAccessibility::AfterFirstUnlock);
    }

    /// Adds an item that looks like the store's own probe.
    pub(crate) fn put_probe(&self, key: Key) {
        self.put_of_class(key, "readable", KeychainAccessibility::AfterFirstUnlockThisDeviceOnly);
    }

    pub(crate) fn put_always_readable(&self, key: Key) {
        self.put_of_class(key, "readable", KeychainAccessibility::Always);
    }

    fn put_of_class(&self, key: Key, value: &str, accessibility: KeychainAccessibility) {
        let item = Item {
            value: SecretBytes::new(value.into()),
            mark: None,
            accessibility,
            constraint: None,
            lost: false,
        };
        self.contents().items.insert(key, item);
    }

    pub(crate) fn remove(&self, key: &Key) {
        self.contents().items.remove(key).unwrap();
    }

    /// The user enrols other fingers than those that the items were bound to.
    pub(crate) fn change_fingers(&self) {
        for item in self.contents().items.values_mut() {
            item.lost = item.constraint == Some(KeychainAccessConstraint::BiometryCurrentSet);
        }
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.0.lock().unwrap()
    }

    /// Makes one call: records it, fails it if the test says so, and then runs another process's step.
    fn call<T>(
        &self,
        name: &str,
        item: ItemQuery<'_>,
        act: impl FnOnce(&mut Contents, Key) -> Result<T, KeychainStatus>,
    ) -> Result<T, KeychainStatus> {
        let mut contents = self.contents();
        contents.calls.push(format!("{name} {}/{}", item.service, item.account));
        let key = Key {
            service: item.service.to_owned(),
            account: item.account.to_owned(),
            access_group: item.access_group.filter(|group| *group != OWN_GROUP).map(str::to_owned),
            synchronizable: false,
        };
        let failed = (!contents.failures.is_empty()).then(|| contents.failures.remove(0));
        let outcome = match failed.flatten() {
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
    fn interfere(&mut self, step: Interference, key: &Key) {
        let key = |account: &str| Key {
            account: account.to_owned(),
            ..key.clone()
        };
        match step {
            Interference::Nothing => {}
            Interference::Add(account, value) => {
                let item = Item {
                    value: SecretBytes::new(value.into()),
                    mark: None,
                    accessibility: KeychainAccessibility::default(),
                    constraint: None,
                    lost: false,
                };
                self.items.insert(key(account), item);
            }
            Interference::Remove(account) => drop(self.items.remove(&key(account))),
            Interference::Unlock => self.device = Device::Unlocked,
        }
    }

    /// Whether the class key is in memory.
    fn unlocks(&self, class: KeychainAccessibility) -> Result<(), KeychainStatus> {
        use KeychainAccessibility as A;
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

    /// The items that a query finds: without a group, those in all groups of the app. Before the first unlock, the
    /// lying device finds none that it cannot decrypt.
    fn find(&self, item: ItemQuery<'_>, copies: Copies) -> Result<Vec<Key>, KeychainStatus> {
        let is_copy = |key: &Key| match copies {
            Copies::Any => true,
            Copies::Only { synchronizable } => key.synchronizable == synchronizable,
        };
        let is_meant = |(key, found): &(&Key, &Item)| {
            (key.service.as_str(), key.account.as_str()) == (item.service, item.account)
                && item.access_group.is_none_or(|wanted| group_of(key) == wanted)
                && is_copy(key)
                && self.shows(found)
                && (item.value.is_none() || found.mark == item.value)
        };
        let mut found: Vec<_> = self.items.iter().filter(is_meant).map(|(key, _)| key.clone()).collect();
        // Those of shared groups first, which is the worse order.
        found.sort_by_key(|key| (key.access_group.is_none(), key.synchronizable));
        if found.is_empty() {
            Err(KeychainStatus::ITEM_NOT_FOUND)
        } else {
            Ok(found)
        }
    }

    fn shows(&self, item: &Item) -> bool {
        let lies = self.device == Device::NotYetUnlockedAndLying && self.unlocks(item.accessibility).is_err();
        !lies && !item.lost
    }
}

impl KeychainItems for FakeKeychain {
    fn copy(&self, item: ItemQuery<'_>, copies: Copies) -> Result<SecretBytes, KeychainStatus> {
        self.call("copy", item, |contents, _| {
            let found = &contents.items[&contents.find(item, copies)?[0]];
            contents.unlocks(found.accessibility)?;
            Ok(found.value.clone())
        })
    }

    fn accounts(&self, service: &str, access_group: Option<&str>) -> Result<Vec<String>, KeychainStatus> {
        let list = ItemQuery {
            service,
            account: "*",
            access_group,
            value: None,
        };
        self.call("accounts", list, |contents, list| {
            let of_store = |(key, item): &(&Key, &Item)| {
                key.service == list.service
                    && access_group.is_none_or(|wanted| group_of(key) == wanted)
                    && contents.shows(item)
                    // As from iOS 15 on: their attributes need the user too.
                    && item.constraint.is_none()
            };
            let items = contents.items.iter().filter(of_store);
            let names: Vec<_> = items.map(|(key, _)| key.account.clone()).collect();
            if names.is_empty() {
                Err(KeychainStatus::ITEM_NOT_FOUND)
            } else {
                Ok(names)
            }
        })
    }

    fn groups(&self, item: ItemQuery<'_>, class: KeychainAccessibility) -> Result<Vec<String>, KeychainStatus> {
        self.call("groups", item, |contents, _| {
            let mut found = contents.find(item, Copies::Only { synchronizable: false })?;
            found.retain(|key| contents.items[key].accessibility == class);
            match found.is_empty() {
                true => Err(KeychainStatus::ITEM_NOT_FOUND),
                false => Ok(found.iter().map(|key| group_of(key).to_owned()).collect()),
            }
        })
    }

    fn add_to_own_group(&self, item: ItemQuery<'_>, content: Content<'_>) -> Result<String, KeychainStatus> {
        assert_eq!(item.access_group, None);
        self.add(item, content).map(|()| OWN_GROUP.to_owned())
    }

    fn add(&self, item: ItemQuery<'_>, content: Content<'_>) -> Result<(), KeychainStatus> {
        self.call("add", item, |contents, key| {
            let key = Key {
                synchronizable: content.synchronizable,
                ..key
            };
            // The system's order of the two checks is not documented; the lying device's order is the worse one for us.
            let taken = contents.items.contains_key(&key);
            if taken && contents.device == Device::NotYetUnlockedAndLying {
                return Err(KeychainStatus::DUPLICATE_ITEM);
            }
            contents.unlocks(content.accessibility)?;
            if taken {
                return Err(KeychainStatus::DUPLICATE_ITEM);
            }
            contents.items.insert(key, Item::from(content));
            Ok(())
        })
    }

    fn update(&self, item: ItemQuery<'_>, copies: Copies, content: Content<'_>) -> Result<(), KeychainStatus> {
        self.call("update", item, |contents, key| {
            let found = contents.find(item, copies)?;
            for key in &found {
                contents.unlocks(contents.items[key].accessibility)?;
            }
            contents.unlocks(content.accessibility)?;
            let new = Key {
                synchronizable: content.synchronizable,
                ..key
            };
            // Two items would become one, or one would replace another: the whole update is undone.
            if found.len() > 1 || (!found.contains(&new) && contents.items.contains_key(&new)) {
                return Err(KeychainStatus::DUPLICATE_ITEM);
            }
            contents.items.remove(&found[0]);
            contents.items.insert(new, Item::from(content));
            Ok(())
        })
    }

    fn delete_all(&self, service: &str, access_group: Option<&str>) -> Result<(), KeychainStatus> {
        let all = ItemQuery {
            service,
            account: "*",
            access_group,
            value: None,
        };
        self.call("delete all", all, |contents, all| {
            let before = contents.items.len();
            // Items of other code have no mark of Pilotlight.
            contents.items.retain(|key, item| {
                let in_group = access_group.is_none_or(|wanted| group_of(key) == wanted);
                key.service != all.service || !in_group || item.mark.is_none()
            });
            if contents.items.len() == before {
                Err(KeychainStatus::ITEM_NOT_FOUND)
            } else {
                Ok(())
            }
        })
    }

    /// Finds lost items too: removing needs no authentication.
    fn delete(&self, item: ItemQuery<'_>, copies: Copies) -> Result<(), KeychainStatus> {
        self.call("delete", item, |contents, _| {
            for stored in contents.items.values_mut() {
                stored.lost = false;
            }
            for key in contents.find(item, copies)? {
                contents.items.remove(&key);
            }
            Ok(())
        })
    }

    fn message(&self, status: KeychainStatus) -> Option<String> {
        Some(format!("Apple's words for {}.", status.0))
    }
}

fn group_of(key: &Key) -> &str {
    key.access_group.as_deref().unwrap_or(OWN_GROUP)
}

impl From<Content<'_>> for Item {
    fn from(content: Content<'_>) -> Self {
        Self {
            value: content.value.clone(),
            mark: Some(Fingerprint::of(content.value)),
            accessibility: content.accessibility,
            constraint: content.constraint,
            lost: false,
        }
    }
}
