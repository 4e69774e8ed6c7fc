//! Other libraries' items, in a simulated Keychain.

use std::sync::Arc;

use pilotlight_core::adapters::foreign_keychain::ForeignKeychain;
use pilotlight_core::adapters::keychain::KeychainStore;
use pilotlight_core::adapters::off_thread::BlockingStore;
use pilotlight_core::ports::{KeychainItemReference, KeychainItems, StoreError};
use tokio::runtime::Handle;

use crate::support::fake_keychain::{Device, FakeKeychain, Key};

fn foreign(keychain: &FakeKeychain) -> ForeignKeychain {
    let keychain = keychain.clone();
    let open = move |options| -> Result<Arc<dyn BlockingStore>, String> {
        Ok(Arc::new(KeychainStore::new(keychain.clone(), options)))
    };
    ForeignKeychain::new(Box::new(open), Handle::current())
}

fn item(access_group: Option<&str>) -> KeychainItemReference {
    KeychainItemReference {
        service: "Auth0".to_owned(),
        account: "refresh_token".to_owned(),
        access_group: access_group.map(str::to_owned),
    }
}

fn key(access_group: Option<&str>, synchronizable: bool) -> Key {
    Key {
        service: "Auth0".to_owned(),
        account: "refresh_token".to_owned(),
        access_group: access_group.map(str::to_owned),
        synchronizable,
    }
}

async fn read(items: &ForeignKeychain, item: KeychainItemReference) -> Result<Option<String>, StoreError> {
    let bytes = items.read(&item).await?;
    Ok(bytes.map(|bytes| String::from_utf8(bytes.expose().to_vec()).unwrap()))
}

#[tokio::test]
async fn an_item_is_found_whatever_its_synchronisation_and_stays_as_it_is() {
    for synchronizable in [false, true] {
        let keychain = FakeKeychain::default();
        keychain.put(key(None, synchronizable), "of old");
        let before = keychain.item("refresh_token").unwrap();
        let items = foreign(&keychain);
        assert_eq!(read(&items, item(None)).await, Ok(Some("of old".to_owned())));
        let (key, after) = keychain.item("refresh_token").unwrap();
        assert_eq!((key, after.accessibility), (before.0, before.1.accessibility));
    }
}

#[tokio::test]
async fn another_access_group_is_another_item() {
    let keychain = FakeKeychain::default();
    keychain.put(key(Some("TEAM.shared"), false), "of the group");
    let items = foreign(&keychain);
    assert_eq!(read(&items, item(Some("TEAM.other"))).await, Ok(None));
    assert_eq!(
        read(&items, item(Some("TEAM.shared"))).await,
        Ok(Some("of the group".to_owned()))
    );
}

#[tokio::test]
async fn before_the_first_unlock_not_found_is_not_believed() {
    let keychain = FakeKeychain::default();
    keychain.put(key(None, false), "of old");
    keychain.set_device(Device::NotYetUnlockedAndLying);
    let items = foreign(&keychain);
    assert_eq!(read(&items, item(None)).await, Err(StoreError::Locked));
    keychain.set_device(Device::Unlocked);
    assert_eq!(read(&items, item(None)).await, Ok(Some("of old".to_owned())));
}

#[tokio::test]
async fn both_copies_of_an_item_are_deleted_and_nothing_else() {
    let keychain = FakeKeychain::default();
    keychain.put(key(None, false), "of old");
    keychain.put(key(None, true), "of iCloud");
    let other = Key {
        account: "of the app".to_owned(),
        ..key(None, false)
    };
    keychain.put(other, "kept");
    let items = foreign(&keychain);
    items.delete(&item(None)).await.unwrap();
    items.delete(&item(None)).await.unwrap();
    assert!(keychain.items("refresh_token").is_empty());
    assert!(keychain.item("of the app").is_some());
}
