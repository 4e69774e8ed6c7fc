//! A store in one file, for development on hosts without a Keychain. The values in it are encoded, not encrypted.

mod document;
mod replace;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use self::document::Document;
use super::io_error::refused;
use super::off_thread::BlockingStore;
use super::regular_file::{folder_of, make_private_folder, open_lock, open_to_read, with_suffix};
use crate::model::secret::{Fingerprint, SecretBytes};
use crate::ports::StoreError;

/// Named items in one JSON file that only its owner can read.
///
/// **For development.** Anyone who can read the owner's files can read the sessions; on Apple devices use the Keychain.
///
/// The file is replaced as a whole and atomically: readers see the old or the new items, and a crash leaves one of the
/// two. Several stores in one or several processes may use one path at once: an advisory lock on `<file>.lock` orders
/// the changes. A file that is damaged, of a later version, or not Pilotlight's is an error and stays as it is. So does
/// a symbolic link in the file's place: following it could write tokens to a place that somebody else chose. A file
/// that others could read gets mode 0600 at the next write.
///
/// All operations block, also while other processes write.
#[derive(Debug)]
pub struct FileStore {
    path: PathBuf,
}

/// The store in the file at `path`. Looks only whether a folder is there.
///
/// # Errors
/// An explanation for the app's developer: for a folder, and on all Apple systems except macOS. They always have a
/// Keychain, and tokens in a plain file would be in backups and readable by anyone who has those.
pub fn open(path: &str) -> Result<Arc<dyn BlockingStore>, String> {
    if cfg!(all(target_vendor = "apple", not(target_os = "macos"))) {
        return Err("is a file, which is not encrypted; on iOS use the Keychain, or memory for a test".to_owned());
    }
    if Path::new(path).is_dir() {
        return Err(format!("is \"{path}\", which is a folder; name a file in it"));
    }
    Ok(Arc::new(FileStore::new(path)))
}

impl FileStore {
    /// The store in the file at `path`. Does no I/O; the first write creates the file, and its folder if that is
    /// missing.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The contents of the file; an empty document if there is no file.
    fn load(&self) -> Result<Document, StoreError> {
        let mut json = Zeroizing::new(Vec::new());
        match open_to_read(&self.path).and_then(|mut file| file.read_to_end(&mut json)) {
            Ok(_) => Document::parse(&json),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Document::default()),
            Err(error) => Err(refused("opening the store's file", &error)),
        }
    }

    /// Reads the file, lets `change` decide whether to write it, and returns whether it was written. Meanwhile nobody
    /// else changes the file.
    fn update(&self, change: impl FnOnce(&mut Document) -> Result<bool, StoreError>) -> Result<bool, StoreError> {
        let _lock = self.lock()?;
        let mut document = self.load()?;
        if !change(&mut document)? {
            return Ok(false);
        }
        let json = document.to_json()?;
        let replaced = replace::atomically(&self.path, json.expose());
        replaced.map_err(|error| refused("writing the store's file", &error))?;
        Ok(true)
    }

    /// The lock is a separate file, because the store's file is a new one after every write. It is never removed: a
    /// process that waits for a removed lock file does not exclude one that creates a new one. The lock ends with the
    /// returned handle, or with the process.
    fn lock(&self) -> Result<File, StoreError> {
        make_private_folder(folder_of(&self.path)).map_err(|error| refused("making the store's folder", &error))?;
        let file = open_lock(&with_suffix(&self.path, ".lock"));
        let file = file.map_err(|error| refused("opening the store's lock", &error))?;
        loop {
            match file.lock() {
                Ok(()) => return Ok(file),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(refused("locking the store", &error)),
            }
        }
    }
}

impl BlockingStore for FileStore {
    fn read(&self, name: &str) -> Result<Option<SecretBytes>, StoreError> {
        self.load()?.get(name)
    }

    fn write(&self, name: &str, value: &SecretBytes) -> Result<(), StoreError> {
        let written = self.update(|document| {
            document.insert(name, value);
            Ok(true)
        });
        written.map(drop)
    }

    fn delete(&self, name: &str) -> Result<(), StoreError> {
        // Signing out does not create the files of a store that was never written to.
        if self.load()?.is_empty() {
            return Ok(());
        }
        self.update(|document| Ok(document.remove(name))).map(drop)
    }

    fn swap(&self, name: &str, seen: Option<Fingerprint>, new: Option<&SecretBytes>) -> Result<bool, StoreError> {
        self.update(|document| {
            let as_seen = document.get(name)?.as_ref().map(Fingerprint::of) == seen;
            if as_seen {
                match new {
                    Some(value) => document.insert(name, value),
                    None => drop(document.remove(name)),
                }
            }
            Ok(as_seen)
        })
    }

    fn names(&self) -> Result<Vec<String>, StoreError> {
        Ok(self.load()?.names())
    }
}
