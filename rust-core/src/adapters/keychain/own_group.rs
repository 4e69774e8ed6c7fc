//! The app's own Keychain group: the first of its groups, where the system puts what is added without one (Apple: "Sharing
//! access to keychain items among a collection of apps"). A query without a group searches all of them, and in those that
//! the app shares, others put items. So queries name it; and because the system tells nobody which it is, it is learned
//! from an item that is added.

use std::sync::{Arc, LazyLock, OnceLock};

use super::calls::{Content, Copies, ItemQuery, KeychainItems};
use super::options::KeychainAccessibility;
use super::status::KeychainStatus;
use crate::model::secret::SecretBytes;

/// Another process of the app, or one that was killed, may have the item of that number.
const MOST_TRIED: usize = 8;
/// Readable from the first unlock on, whatever the class of the sessions, and not restored to another device.
const CLASS: KeychainAccessibility = KeychainAccessibility::AfterFirstUnlockThisDeviceOnly;
/// The probe's account and its content.
pub(super) const PROBE: &str = "readable";

/// The group, once it is known. It stays the same while the process lives.
#[derive(Debug, Default)]
pub(super) struct OwnGroup(OnceLock<String>);

/// All stores of this process share what one of them has learned.
static OF_THIS_PROCESS: LazyLock<Arc<OwnGroup>> = LazyLock::new(Arc::default);

/// What is stored in a probe: nothing secret.
pub(super) fn probe_content(value: &SecretBytes) -> Content<'_> {
    Content {
        value,
        accessibility: CLASS,
        constraint: None,
        synchronizable: false,
    }
}

impl OwnGroup {
    pub(super) fn of_this_process() -> Arc<Self> {
        Arc::clone(&OF_THIS_PROCESS)
    }

    /// Two calls for each process, which write nothing but the very first time.
    ///
    /// # Errors
    /// [`KeychainStatus::ITEM_NOT_FOUND`] before the first unlock of the device; what the Keychain answers.
    pub(super) fn get(&self, items: &impl KeychainItems, probe_service: &str) -> Result<&str, KeychainStatus> {
        if let Some(known) = self.0.get() {
            return Ok(known);
        }
        let learned = learn(items, probe_service)?;
        Ok(self.0.get_or_init(|| learned))
    }
}

fn learn(items: &impl KeychainItems, probe_service: &str) -> Result<String, KeychainStatus> {
    let value = SecretBytes::new(PROBE.as_bytes().to_vec());
    let content = probe_content(&value);
    match items.add_to_own_group(item(probe_service, PROBE), content) {
        Err(KeychainStatus::DUPLICATE_ITEM) => {}
        known => return known,
    }
    // There is one in the app's own group; and others may have put one into a group that is shared.
    let mut groups = items.groups(item(probe_service, PROBE), CLASS)?;
    if let (Some(group), true) = (groups.pop(), groups.is_empty()) {
        return Ok(group);
    }
    for number in 0..MOST_TRIED {
        let account = format!("own-group-{number}");
        match items.add_to_own_group(item(probe_service, &account), content) {
            Err(KeychainStatus::DUPLICATE_ITEM) => {}
            known => {
                let group = known?;
                let added = ItemQuery {
                    access_group: Some(&group),
                    ..item(probe_service, &account)
                };
                // What is left of a failure takes up a number.
                let _ = items.delete(added, Copies::Only { synchronizable: false });
                return Ok(group);
            }
        }
    }
    Err(KeychainStatus::DUPLICATE_ITEM)
}

fn item<'a>(service: &'a str, account: &'a str) -> ItemQuery<'a> {
    ItemQuery {
        service,
        account,
        access_group: None,
        value: None,
    }
}
