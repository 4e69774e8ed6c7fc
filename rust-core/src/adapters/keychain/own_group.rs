//! The app's own Keychain group: the first of its groups, where the system puts items that are added without a group
//! (Apple: "Sharing access to keychain items among a collection of apps"). A query without a group searches all groups,
//! including shared ones, where other apps may have put items. So queries must name the group; but the system does not
//! tell the app which it is, so it is learned from an item that is added.

use std::sync::{Arc, LazyLock, OnceLock};

use super::calls::{Content, Copies, ItemQuery, KeychainItems};
use super::options::KeychainAccessibility;
use super::status::KeychainStatus;
use crate::model::secret::SecretBytes;

/// How many numbered items are tried: another process of the app, or one that was killed, may have left the item with a
/// number.
const MOST_TRIED: usize = 8;
/// Readable from the first unlock on, whatever the class of the sessions, and not restored to another device.
const CLASS: KeychainAccessibility = KeychainAccessibility::AfterFirstUnlockThisDeviceOnly;
/// The probe's account and its content.
pub(super) const PROBE: &str = "readable";

/// The group, once it is known. It does not change during the life of the process.
#[derive(Debug, Default)]
pub(super) struct OwnGroup(OnceLock<String>);

/// Shared by all stores of this process.
static OF_THIS_PROCESS: LazyLock<Arc<OwnGroup>> = LazyLock::new(Arc::default);

/// The content of a probe: nothing secret.
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

    /// The group. Finding it takes two calls per process, which write nothing except the very first time.
    ///
    /// # Errors
    /// [`KeychainStatus::ITEM_NOT_FOUND`] before the first unlock of the device; otherwise the Keychain's status.
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
    // The app's own group has a probe, and other apps may have put one into a shared group.
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
                // If this fails, the number stays taken.
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
