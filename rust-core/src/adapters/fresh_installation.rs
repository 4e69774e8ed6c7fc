//! For apps whose sessions must not survive the removal of the app: Keychain items do, files do not.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::io_error::refused;
use super::off_thread::BlockingStore;
use crate::model::secret::{Fingerprint, SecretBytes};
use crate::ports::StoreError;

/// One at a time in this process: two at once could remove what was written between them.
static SETTLING: Mutex<()> = Mutex::new(());

/// A store whose items are removed before its first use in a fresh installation.
///
/// An installation is fresh while its marker, an empty file, does not exist. Nothing is read or written before the
/// items are removed and the marker is made, so a crash or a failure on the way loses no session that was begun since.
/// While the device is locked, nothing is removed and nothing is marked: every call fails with [`StoreError::Locked`].
#[derive(Debug)]
pub struct FreshInstallation {
    store: Arc<dyn BlockingStore>,
    marker: PathBuf,
    is_ours: fn(&str) -> bool,
    settled: Mutex<bool>,
}

impl FreshInstallation {
    /// `store`, with the installation's marker at `marker`. The marker must be in a folder that is deleted with the
    /// app, and in which no other app or extension keeps its marker. Only items whose name `is_ours` accepts are
    /// removed.
    pub fn new(store: Arc<dyn BlockingStore>, marker: impl Into<PathBuf>, is_ours: fn(&str) -> bool) -> Self {
        Self {
            store,
            marker: marker.into(),
            is_ours,
            settled: Mutex::new(false),
        }
    }

    fn settled(&self) -> Result<&dyn BlockingStore, StoreError> {
        let mut settled = self.settled.lock().unwrap_or_else(PoisonError::into_inner);
        if !*settled {
            self.settle()?;
            *settled = true;
        }
        Ok(self.store.as_ref())
    }

    fn settle(&self) -> Result<(), StoreError> {
        let _only = SETTLING.lock().unwrap_or_else(PoisonError::into_inner);
        if exists(&self.marker)? {
            return Ok(());
        }
        // Fails while the device is locked. Files may be inaccessible then too, so the marker is looked for again.
        let names = self.store.names()?;
        if exists(&self.marker)? {
            return Ok(());
        }
        for name in names.iter().filter(|name| (self.is_ours)(name)) {
            self.store.delete(name)?;
        }
        self.store.delete_unlisted()?;
        make(&self.marker).map_err(|error| refused("making the installation's marker", &error))
    }
}

impl BlockingStore for FreshInstallation {
    fn read(&self, name: &str) -> Result<Option<SecretBytes>, StoreError> {
        self.settled()?.read(name)
    }

    fn write(&self, name: &str, value: &SecretBytes) -> Result<(), StoreError> {
        self.settled()?.write(name, value)
    }

    fn delete(&self, name: &str) -> Result<(), StoreError> {
        self.settled()?.delete(name)
    }

    fn swap(&self, name: &str, seen: Option<Fingerprint>, new: Option<&SecretBytes>) -> Result<bool, StoreError> {
        self.settled()?.swap(name, seen, new)
    }

    fn names(&self) -> Result<Vec<String>, StoreError> {
        self.settled()?.names()
    }
}

fn exists(path: &Path) -> Result<bool, StoreError> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(refused("looking for the installation's marker", &error)),
    }
}

fn make(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).create(folder)?;
    }
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)?
        .sync_all()
}
