//! One process at a time, by advisory locks on files (`flock`). They end with the process, however it ends.

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::{Instant, sleep};

use super::blocking::{not_finished, off_thread};
use super::io_error::refused;
use super::lazy_runtime::LazyRuntime;
use super::regular_file::{make_private_folder, open_lock};
use crate::crypto::Hash;
use crate::crypto::hashing::digest;
use crate::ports::{Acquisition, BoxFuture, LockGuard, LockPlace, ProcessLock, StoreError, awaited};

/// How often a lock that another process holds is tried. `flock` itself cannot wait for a limited time.
const POLL: Duration = Duration::from_millis(20);

/// Locks in files named `<prefix>.<digest of the lock's name>.lock`, for processes that can all access that folder.
///
/// The files are created when they are first needed, are empty, and are never removed: a process that waits for a
/// removed file does not exclude one that creates it anew.
///
/// iOS kills an app that is suspended while it holds a lock in a folder shared by an app group (exception 0xdead10cc;
/// Apple: "Understanding the exception types in a crash report"). Therefore a lock must be held only briefly, and
/// released before a suspension.
#[derive(Debug)]
pub struct FileLock {
    prefix: PathBuf,
    runtime: LazyRuntime,
}

impl FileLock {
    /// Locks beside `prefix`. Does no I/O. Files are opened and waited for on `runtime`.
    pub fn new(prefix: impl Into<PathBuf>, runtime: impl Into<LazyRuntime>) -> Self {
        Self {
            prefix: prefix.into(),
            runtime: runtime.into(),
        }
    }
}

impl ProcessLock for FileLock {
    fn acquire<'a>(
        &'a self,
        name: &'a str,
        limit: Duration,
        place: LockPlace,
    ) -> BoxFuture<'a, Result<Acquisition, StoreError>> {
        let path = path_of(&self.prefix, name);
        let runtime = self.runtime.handle();
        let (acquiring, outcome) = awaited(acquire(runtime.clone(), path, limit, place));
        drop(runtime.spawn(acquiring));
        Box::pin(async move { outcome.await.unwrap_or_else(|| Err(not_finished(false))) })
    }
}

async fn acquire(runtime: Handle, path: PathBuf, limit: Duration, place: LockPlace) -> Result<Acquisition, StoreError> {
    let deadline = Instant::now() + limit;
    let opened = move || open(&path).map_err(|error| refused("opening the lock", &error));
    let file = Arc::new(off_thread(&runtime, opened).await?);
    loop {
        let (file, place) = (Arc::clone(&file), place.clone());
        match off_thread(&runtime, move || place.fill(|| try_lock(&file))).await? {
            Acquisition::Busy if Instant::now() < deadline => sleep(POLL).await,
            outcome => return Ok(outcome),
        }
    }
}

fn try_lock(file: &Arc<File>) -> Result<Option<Box<dyn LockGuard>>, StoreError> {
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(Box::new(LockedFile(Arc::clone(file))))),
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(TryLockError::Error(error)) => return Err(refused("locking", &error)),
        }
    }
}

/// The lock of an open file. It is released when this is dropped, even if other processes have the file open.
#[derive(Debug)]
struct LockedFile(Arc<File>);

impl Drop for LockedFile {
    fn drop(&mut self) {
        // Closing the file releases it too. A failure here leaves nothing for a caller to do.
        let _ = self.0.unlock();
    }
}

impl LockGuard for LockedFile {}

fn path_of(prefix: &Path, name: &str) -> PathBuf {
    let digest = digest(Hash::Sha256, name.as_bytes());
    let short: String = digest
        .as_ref()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let mut path = OsString::from(prefix);
    path.push(format!(".{short}.lock"));
    PathBuf::from(path)
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        make_private_folder(folder)?;
    }
    open_lock(path)
}
