//! A folder that contains a store.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use pilotlight_core::adapters::file_store::FileStore;
use pilotlight_core::adapters::off_thread::BlockingStore;
use tempfile::TempDir;

use super::bytes;

/// The store has the item `session` with the value `tokens`.
pub(crate) fn folder_with_session() -> (TempDir, PathBuf, FileStore) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.json");
    let store = FileStore::new(&path);
    store.write("session", &bytes("tokens")).unwrap();
    (folder, path, store)
}

pub(crate) fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

pub(crate) fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
