//! Sessions left by a removed installation are removed once, and only if that is certain.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use pilotlight_core::adapters::fresh_installation::FreshInstallation;
use pilotlight_core::adapters::keychain::{
    KeychainAccessConstraint, KeychainAccessControl, KeychainAccessibility, KeychainOptions, KeychainStore,
};
use pilotlight_core::adapters::memory_store::MemoryStore;
use pilotlight_core::adapters::off_thread::BlockingStore;
use pilotlight_core::model::configuration::is_item_name;
use pilotlight_core::ports::StoreError;
use tempfile::TempDir;

use crate::support::bytes;
use crate::support::fake_keychain::{Device, FakeKeychain, Key};

const SESSION: &str = "default|client|https://tenant.example.com/";
const KEPT_ASIDE: &str = "work|client|https://tenant.example.com/|unreadable";
/// The app's own item in the same service.
const NOT_OURS: &str = "access_token";

struct Phone {
    folder: TempDir,
    store: Arc<MemoryStore>,
}

/// A device on which the app was installed, used and removed.
fn device_with_leftovers() -> Phone {
    let device = Phone {
        folder: tempfile::tempdir().unwrap(),
        store: Arc::new(MemoryStore::new()),
    };
    for name in [SESSION, KEPT_ASIDE, NOT_OURS] {
        BlockingStore::write(device.store.as_ref(), name, &bytes("left")).unwrap();
    }
    device
}

impl Phone {
    fn marker(&self) -> PathBuf {
        self.folder.path().join("Library/Pilotlight/installed")
    }

    /// A start of the app.
    fn launched(&self) -> FreshInstallation {
        FreshInstallation::new(self.store.clone(), self.marker(), is_item_name)
    }

    fn names(&self) -> Vec<String> {
        let mut names = BlockingStore::names(self.store.as_ref()).unwrap();
        names.sort();
        names
    }
}

#[test]
fn a_fresh_installation_begins_without_the_old_ones_sessions() {
    let device = device_with_leftovers();
    let store = device.launched();
    assert_eq!(device.names().len(), 3, "nothing happens before the first use");
    assert_eq!(store.read(SESSION), Ok(None));
    assert_eq!(device.names(), [NOT_OURS]);
    assert!(device.marker().is_file());
}

#[test]
fn any_first_use_will_do() {
    for first_use in [
        |store: &FreshInstallation| store.write(SESSION, &bytes("new")),
        |store: &FreshInstallation| store.delete(SESSION),
        |store: &FreshInstallation| store.names().map(drop),
    ] {
        let device = device_with_leftovers();
        first_use(&device.launched()).unwrap();
        assert!(!device.names().contains(&KEPT_ASIDE.to_owned()));
    }
}

#[test]
fn what_the_installation_itself_wrote_stays() {
    let device = device_with_leftovers();
    device.launched().write(SESSION, &bytes("new")).unwrap();
    let next_launch = device.launched();
    assert_eq!(next_launch.read(SESSION), Ok(Some(bytes("new"))));
    fs::remove_file(device.marker()).unwrap();
    assert_eq!(next_launch.read(SESSION), Ok(Some(bytes("new"))), "looked for once");
    assert_eq!(device.launched().read(SESSION), Ok(None), "removed and installed again");
}

/// Otherwise the next launch would remove a session that began in this one.
#[test]
fn without_a_marker_nothing_is_read_or_written() {
    let device = device_with_leftovers();
    fs::create_dir_all(device.folder.path()).unwrap();
    fs::write(device.folder.path().join("Library"), "a file where a folder should be").unwrap();
    let store = device.launched();
    for outcome in [
        store.read(SESSION).map(drop),
        store.write(SESSION, &bytes("new")),
        store.delete(SESSION),
        store.names().map(drop),
    ] {
        assert!(
            matches!(outcome, Err(StoreError::Failed { status: Some(_), .. })),
            "{outcome:?}"
        );
    }
    fs::remove_file(device.folder.path().join("Library")).unwrap();
    store.write(SESSION, &bytes("new")).unwrap();
    assert_eq!(device.launched().read(SESSION), Ok(Some(bytes("new"))));
}

#[test]
fn a_device_before_its_first_unlock_proves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let marker = folder.path().join("installed");
    let keychain = FakeKeychain::default();
    let items = Arc::new(KeychainStore::new(keychain.clone(), options()));
    items.write(SESSION, &bytes("left")).unwrap();
    let store = FreshInstallation::new(items.clone(), &marker, is_item_name);
    for device in [Device::NotYetUnlocked, Device::NotYetUnlockedAndLying] {
        keychain.set_device(device);
        // A new process, which has not read the Keychain yet.
        let items = KeychainStore::new(keychain.clone(), options());
        let store = FreshInstallation::new(Arc::new(items), &marker, is_item_name);
        assert_eq!(store.read(SESSION), Err(StoreError::Locked), "{device:?}");
        assert!(!marker.exists());
    }
    keychain.set_device(Device::Unlocked);
    assert_eq!(store.read(SESSION), Ok(None));
    assert!(marker.is_file());
}

/// No list contains them, and their companions may be gone. Other items in the same service do not belong to
/// Pilotlight.
#[test]
fn sessions_behind_access_control_are_removed_too() {
    let folder = tempfile::tempdir().unwrap();
    let keychain = FakeKeychain::default();
    let guarded = KeychainOptions {
        access_control: Some(KeychainAccessControl {
            constraint: KeychainAccessConstraint::UserPresence,
            prompt: "Continue".to_owned(),
            reuse_seconds: 0,
        }),
        ..options()
    };
    let items = Arc::new(KeychainStore::new(keychain.clone(), guarded));
    items.write(SESSION, &bytes("left")).unwrap();
    items.write("without a companion", &bytes("left")).unwrap();
    let key = |service: &str, account: &str| Key {
        service: service.to_owned(),
        account: account.to_owned(),
        access_group: None,
        synchronizable: false,
    };
    keychain.remove(&key("com.example.app.guarded-sessions", "without a companion"));
    keychain.put(key("com.example.app", NOT_OURS), "another library's");
    let store = FreshInstallation::new(items, folder.path().join("installed"), is_item_name);
    assert_eq!(store.names(), Ok(vec![NOT_OURS.to_owned()]));
    assert_eq!(
        keychain.items(SESSION).len() + keychain.items("without a companion").len(),
        0
    );
}

fn options() -> KeychainOptions {
    KeychainOptions {
        service: "com.example.app".to_owned(),
        access_group: None,
        all_groups: false,
        accessibility: KeychainAccessibility::default(),
        synchronizable: false,
        access_control: None,
    }
}
