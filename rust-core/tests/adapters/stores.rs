//! The contract of every store, checked on each of them; and the ways in which each can fail.

use std::any::Any;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::sync::Arc;

use pilotlight_core::adapters::file_store::FileStore;
use pilotlight_core::adapters::keychain::{KeychainStatus, KeychainStore};
use pilotlight_core::adapters::memory_store::MemoryStore;
use pilotlight_core::ports::SecretStore;
use pilotlight_store_contract::{Failure, Place, off_thread, promises};
use tempfile::TempDir;

use crate::support::fake_keychain::{Device, FakeKeychain};
use crate::support::keychain_options;

promises! {
    memory: MemoryPlace::default();
    file: Folder::new();
    keychain: FakeKeychain::default();
}

#[derive(Default)]
struct MemoryPlace(Arc<MemoryStore>);

/// This store cannot fail.
impl Place for MemoryPlace {
    fn open(&self) -> Arc<dyn SecretStore> {
        self.0.clone()
    }
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("store.json")
    }
}

impl Place for Folder {
    fn open(&self) -> Arc<dyn SecretStore> {
        off_thread(FileStore::new(self.file()))
    }

    fn failures(&self) -> Vec<Failure> {
        let (file, folder) = (self.file(), self.0.path().to_owned());
        let temporary = folder.join("store.json.tmp");
        let lock = folder.join("store.json.lock");
        vec![
            Failure {
                name: "the temporary file cannot be made: a folder has its name".to_owned(),
                certain: true,
                begin: Box::new(move || {
                    let _ = fs::remove_file(&temporary);
                    fs::create_dir_all(temporary.join("not empty")).unwrap();
                    let temporary = temporary.clone();
                    at_end(move || fs::remove_dir_all(&temporary).unwrap())
                }),
            },
            Failure {
                name: "the lock cannot be opened: a folder has its name".to_owned(),
                certain: true,
                begin: Box::new(move || {
                    let _ = fs::remove_file(&lock);
                    fs::create_dir(&lock).unwrap();
                    let lock = lock.clone();
                    at_end(move || fs::remove_dir(&lock).unwrap())
                }),
            },
            Failure {
                name: "the store's file is a symbolic link".to_owned(),
                certain: true,
                begin: Box::new(move || {
                    let elsewhere = file.with_file_name("elsewhere");
                    let existed = fs::rename(&file, &elsewhere).is_ok();
                    symlink(&elsewhere, &file).unwrap();
                    let file = file.clone();
                    at_end(move || {
                        fs::remove_file(&file).unwrap();
                        if existed {
                            fs::rename(elsewhere, &file).unwrap();
                        }
                    })
                }),
            },
            Failure {
                name: "the folder is not writable".to_owned(),
                // Root can write everywhere.
                certain: false,
                begin: Box::new(move || {
                    fs::set_permissions(&folder, Permissions::from_mode(0o500)).unwrap();
                    let folder = folder.clone();
                    at_end(move || fs::set_permissions(&folder, Permissions::from_mode(0o700)).unwrap())
                }),
            },
        ]
    }
}

impl Place for FakeKeychain {
    fn open(&self) -> Arc<dyn SecretStore> {
        off_thread(KeychainStore::new(self.clone(), keychain_options()))
    }

    /// Every kind of error, at the first, second and third call; and a locked device.
    fn failures(&self) -> Vec<Failure> {
        let statuses = [
            KeychainStatus::INTERACTION_NOT_ALLOWED,
            KeychainStatus::USER_CANCELED,
            KeychainStatus::AUTH_FAILED,
            KeychainStatus::MISSING_ENTITLEMENT,
            KeychainStatus::DECODE,
            KeychainStatus(-34),
            KeychainStatus(-12345),
        ];
        let scripted = statuses.into_iter().flat_map(|status| {
            (1..=3).map(move |nth| {
                let keychain = self.clone();
                Failure {
                    name: format!("status {} at call {nth}", status.0),
                    certain: nth == 1,
                    begin: Box::new(move || {
                        keychain.fail_nth(nth, status);
                        let keychain = keychain.clone();
                        at_end(move || keychain.fail_no_more())
                    }),
                }
            })
        });
        let keychain = self.clone();
        let locked = Failure {
            name: "a device that was not unlocked since its start".to_owned(),
            certain: true,
            begin: Box::new(move || {
                keychain.set_device(Device::NotYetUnlocked);
                let keychain = keychain.clone();
                at_end(move || keychain.set_device(Device::Unlocked))
            }),
        };
        scripted.chain([locked]).collect()
    }
}

struct AtEnd<F: FnMut()>(F);

impl<F: FnMut()> Drop for AtEnd<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

fn at_end(end: impl FnOnce() + 'static) -> Box<dyn Any> {
    let mut end = Some(end);
    Box::new(AtEnd(move || {
        if let Some(end) = end.take() {
            end();
        }
    }))
}
