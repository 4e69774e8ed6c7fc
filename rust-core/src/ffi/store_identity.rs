//! Which store it is, of those that a process can open twice.

use std::ffi::OsStr;
use std::path::{Path, PathBuf, absolute};

use super::storage::SessionStorage;

/// Two that are equal hold the same items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum StoreIdentity {
    /// Generic passwords of one service, in one access group or in the app's own.
    Keychain {
        service: String,
        access_group: Option<String>,
    },
    /// A file, by its path without links.
    File(PathBuf),
}

impl SessionStorage {
    /// `None` for memory, which belongs to one session. Looks at the folders of a file's path.
    pub(super) fn identity(&self) -> Option<StoreIdentity> {
        match self {
            Self::Memory => None,
            Self::File { path } => Some(StoreIdentity::File(without_links(Path::new(path)))),
            Self::Keychain { options } => Some(StoreIdentity::Keychain {
                service: options.service.clone(),
                access_group: options.access_group.clone(),
            }),
        }
    }
}

/// The same whether the file and its folders are there yet or not: what is there is resolved, the rest is added as it is.
/// The file itself is never a link to the store.
fn without_links(path: &Path) -> PathBuf {
    let path = absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut missing: Vec<&OsStr> = Vec::new();
    let mut there = path.as_path();
    while let (Some(parent), Some(name)) = (there.parent(), there.file_name()) {
        missing.push(name);
        if let Ok(resolved) = parent.canonicalize() {
            return missing.iter().rev().fold(resolved, |path, name| path.join(name));
        }
        there = parent;
    }
    path
}

#[cfg(test)]
mod tests {
    use std::fs::create_dir_all;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_file_is_the_same_by_every_way_that_leads_to_it_and_before_its_folder_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        symlink(folder.path(), &link).unwrap();
        let path = folder.path().join("made/later/store");
        let through_link = link.join("made/./later/store");
        let before = without_links(&path);
        assert_eq!(without_links(&through_link), before);
        create_dir_all(path.parent().unwrap()).unwrap();
        assert_eq!(without_links(&path), before);
        assert_eq!(without_links(&through_link), before);
        assert_eq!(without_links(&folder.path().join("made/../made/later/store")), before);
        assert_ne!(without_links(&folder.path().join("made/later/other")), before);
    }
}
