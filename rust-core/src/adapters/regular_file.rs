//! Opening files whose path may have been taken by others: another program of the user, or another app of the group.

use std::ffi::OsString;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Only the file's owner may read and write it.
pub(in crate::adapters) const PRIVATE_FILE: u32 = 0o600;
const PRIVATE_FOLDER: u32 = 0o700;

/// Opens a regular file to read it.
///
/// # Errors
/// Also if a link, a pipe or anything else is in its place. This does not wait for the other end of a pipe.
pub(in crate::adapters) fn open_to_read(path: &Path) -> io::Result<File> {
    open(OpenOptions::new().read(true), path)
}

/// Opens the lock file, and creates it if it is missing: private and empty. No other code reads or writes it.
///
/// # Errors
/// As [`open_to_read`].
pub(in crate::adapters) fn open_lock(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let options = options.create(true).truncate(false).write(true).mode(PRIVATE_FILE);
    open(options, path)
}

/// Creates a folder that only its owner may read, and its parents; an existing folder stays as it is.
pub(in crate::adapters) fn make_private_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(PRIVATE_FOLDER).create(folder)
}

/// The folder that `path` is in.
pub(in crate::adapters) fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// `path` with `suffix` appended to its file name.
pub(in crate::adapters) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut longer = OsString::from(path);
    longer.push(suffix);
    PathBuf::from(longer)
}

/// `O_NOFOLLOW`: otherwise the target of a link would be created and locked. `O_NONBLOCK`: otherwise opening a pipe
/// without a reader would wait forever; it has no effect on regular files. The file type is checked on the open file,
/// because the path may lead to another file a moment later.
fn open(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let file = options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"))
    }
}
