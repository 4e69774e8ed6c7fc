//! Replaces a file in one step that a crash cannot interrupt half way.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::adapters::regular_file::{PRIVATE_FILE, folder_of, with_suffix};

/// Replaces the file at `path` with `content`, with mode 0600 from the start; returns when it is on the disk. The
/// caller makes sure that nobody else does so at the same time. After a failure the old file is still there, unchanged.
pub(super) fn atomically(path: &Path, content: &[u8]) -> io::Result<()> {
    // A fixed name, so that the next write finds and removes what a crash left behind. In the same folder, because
    // renaming is atomic only within one file system.
    let temporary = with_suffix(path, ".tmp");
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let written = write_new(&temporary, content).and_then(|()| fs::rename(&temporary, path));
    if let Err(error) = written {
        // The error of the write matters. That removing the file fails as well, on the same full or broken disk, does
        // not.
        let _ = fs::remove_file(&temporary);
        return Err(error);
    }
    sync_folder(folder_of(path))
}

/// `create_new` does not follow symbolic links, and the same call sets the mode: nobody else can open the file in
/// between.
fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(PRIVATE_FILE)
        .open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// The new name is durable only once the folder is. Some file systems order folder changes themselves and refuse the
/// call.
fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        outcome => outcome,
    }
}
