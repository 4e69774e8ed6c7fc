//! One process at a time, by advisory locks on files (`flock`): they end with the process, however it ends.

use std::ffi::OsString;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ring::digest::{SHA256, digest};
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep};

use super::io_error::refused;
use crate::ports::{BoxFuture, LockGuard, ProcessLock, StoreError, awaited};

/// How often a lock that another process holds is tried. `flock` itself cannot wait for a limited time.
const POLL: Duration = Duration::from_millis(20);

/// Locks in files named `<prefix>.<digest of the lock's name>.lock`, for processes that can all reach that folder.
///
/// The files are made when they are first needed, are empty, and are never removed: whoever waits for a removed file
/// does not exclude whoever makes it anew.
///
/// iOS kills an app that is suspended while it holds a lock in a folder shared by an app group (exception 0xdead10cc;
/// Apple: "Understanding the exception types in a crash report"), so a lock must be held for moments only and given
/// back before a suspension.
#[derive(Debug)]
pub struct FileLock {
    prefix: PathBuf,
    runtime: Handle,
}

impl FileLock {
    /// Locks beside `prefix`. Does no I/O. Files are opened and waited for on `runtime`.
    pub fn new(prefix: impl Into<PathBuf>, runtime: Handle) -> Self {
        Self {
            prefix: prefix.into(),
            runtime,
        }
    }
}

impl ProcessLock for FileLock {
    fn acquire<'a>(
        &'a self,
        name: &'a str,
        limit: Duration,
    ) -> BoxFuture<'a, Result<Option<Box<dyn LockGuard>>, StoreError>> {
        let path = path_of(&self.prefix, name);
        let (acquiring, outcome) = awaited(acquire(path, limit));
        drop(self.runtime.spawn(acquiring));
        Box::pin(async move {
            outcome.await.unwrap_or_else(|| {
                Err(StoreError::Failed {
                    explanation: "Pilotlight's runtime is shutting down".to_owned(),
                    status: None,
                })
            })
        })
    }
}

async fn acquire(path: PathBuf, limit: Duration) -> Result<Option<Box<dyn LockGuard>>, StoreError> {
    let deadline = Instant::now() + limit;
    let file = open(&path).map_err(|error| refused("opening the lock", &error))?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(Box::new(LockedFile(file)))),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => sleep(POLL).await,
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(TryLockError::Error(error)) => return Err(refused("locking", &error)),
        }
    }
}

/// Closing the file gives the lock back.
#[derive(Debug)]
struct LockedFile(#[expect(dead_code, reason = "held, not used")] File);

impl LockGuard for LockedFile {}

fn path_of(prefix: &Path, name: &str) -> PathBuf {
    let digest = digest(&SHA256, name.as_bytes());
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
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true).mode(0o600).open(path)
}
