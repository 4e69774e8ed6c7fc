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
/// **For development.** Anyone who can read the owner's files reads the sessions; on Apple devices use the Keychain.
///
/// The file is replaced as a whole and atomically, so that readers see the old or the new items and a crash leaves one
/// of the two. Several stores on one path, in one process or many, may be used at once: an advisory lock on
/// `<file>.lock` puts changes in order. A file that is not Pilotlight's, damaged, or of a later version is an error and
/// left as it is. So is a symbolic link in the file's place: following it could write tokens to where somebody else
/// wants them. A file that others could read gets mode 0600 at the next write.
///
/// All operations block, also on other processes' writes.
#[derive(Debug)]
pub struct FileStore {
    path: PathBuf,
}

/// The store in the file at `path`. Looks only whether a folder is there.
///
/// # Errors
/// An explanation for the app's developer, for a folder; and on Apple's systems but macOS: they always have a Keychain, and
/// tokens in a plain file would be in backups and in the hands of anyone who reads them.
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
    /// The store in the file at `path`. Does no I/O; the first write makes the file, and its folder where that is
    /// missing.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The file's content; an empty document where there is no file.
    fn load(&self) -> Result<Document, StoreError> {
        let mut json = Zeroizing::new(Vec::new());
        match open_to_read(&self.path).and_then(|mut file| file.read_to_end(&mut json)) {
            Ok(_) => Document::parse(&json),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Document::default()),
            Err(error) => Err(refused("opening the store's file", &error)),
        }
    }

    /// Reads, lets `change` decide whether there is anything to write, writes, and says whether it did; nobody else
    /// changes the file meanwhile.
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

    /// The lock is another file, because the store's own is a different file after every write. It is never removed:
    /// who waits for a removed lock file does not exclude who makes a new one. It ends with the returned handle, or the
    /// process.
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
        // Signing out of a store that was never written to makes no files.
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
