//! One process at a time, and no process waits for one that is gone.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use pilotlight_core::adapters::file_lock::FileLock;
use pilotlight_core::ports::{Acquisition, LockPlace, ProcessLock, StoreError};
use tokio::runtime::Handle;

use crate::support::store_folder::{mode, names_in};

/// Long enough that a test which waits for it in vain visibly hangs.
const LONG: Duration = Duration::from_secs(600);

fn lock_in(folder: &Path) -> FileLock {
    FileLock::new(folder.join("app/session"), Handle::current())
}

/// A folder with the lock, which is released when this is dropped.
struct HeldLock(LockPlace);

impl Drop for HeldLock {
    fn drop(&mut self) {
        self.0.close();
    }
}

async fn wait(lock: &FileLock, name: &str, limit: Duration) -> Option<HeldLock> {
    let held = HeldLock(LockPlace::default());
    let outcome = lock.acquire(name, limit, held.0.clone()).await.unwrap();
    (outcome == Acquisition::Held).then_some(held)
}

async fn take(lock: &FileLock, name: &str) -> Option<HeldLock> {
    wait(lock, name, Duration::ZERO).await
}

#[tokio::test]
async fn whoever_comes_second_gets_nothing_until_the_first_gives_it_back() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = (lock_in(folder.path()), lock_in(folder.path()));
    let held = take(&ours, "a").await.unwrap();
    assert!(take(&theirs, "a").await.is_none());
    assert!(take(&ours, "a").await.is_none(), "not even to the process that has it");
    assert!(take(&theirs, "b").await.is_some(), "another name is another lock");
    drop(held);
    assert!(take(&theirs, "a").await.is_some());
}

#[tokio::test]
async fn whoever_waits_gets_it_when_it_is_given_back() {
    let folder = tempfile::tempdir().unwrap();
    let lock = lock_in(folder.path());
    let held = take(&lock, "a").await.unwrap();
    let place = LockPlace::default();
    let waiting = lock.acquire("a", LONG, place.clone());
    drop(held);
    assert_eq!(waiting.await, Ok(Acquisition::Held));
    place.close();
}

/// The caller no longer waits when the lock is obtained.
#[tokio::test]
async fn a_lock_that_comes_after_its_caller_has_gone_is_given_back() {
    let folder = tempfile::tempdir().unwrap();
    let lock = lock_in(folder.path());
    let held = take(&lock, "a").await.unwrap();
    let place = LockPlace::default();
    drop(lock.acquire("a", LONG, place.clone()));
    place.close();
    drop(held);
    assert!(wait(&lock, "a", LONG).await.is_some());
}

/// iOS may suspend the process at any moment, even when the lock has been obtained but its caller has not seen it yet.
#[tokio::test(flavor = "multi_thread")]
async fn a_suspension_between_getting_the_lock_and_hearing_of_it_leaves_no_lock() {
    let folder = tempfile::tempdir().unwrap();
    let (lock, theirs) = (lock_in(folder.path()), lock_in(folder.path()));
    let place = LockPlace::default();
    let acquiring = lock.acquire("a", LONG, place.clone());
    while take(&theirs, "a").await.is_some() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    place.close();
    assert!(
        take(&theirs, "a").await.is_some(),
        "held, although this process has lost it"
    );
    drop(acquiring.await);
    assert!(take(&theirs, "a").await.is_some());
}

#[tokio::test]
async fn who_does_not_want_the_lock_any_more_waits_no_longer() {
    let folder = tempfile::tempdir().unwrap();
    let lock = lock_in(folder.path());
    let _held = take(&lock, "a").await.unwrap();
    let place = LockPlace::default();
    let waiting = lock.acquire("a", LONG, place.clone());
    place.close();
    assert_eq!(waiting.await, Ok(Acquisition::Closed));
}

/// Another app of the group can put anything in place of the lock.
#[tokio::test]
async fn what_is_no_regular_file_is_an_error_at_once_and_nothing_is_made_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let lock = lock_in(folder.path());
    drop(take(&lock, "a").await);
    let app = folder.path().join("app");
    let path = app.join(&names_in(&app)[0]);
    let target = folder.path().join("target");
    let obstacles: [&dyn Fn(); 3] = [
        &|| assert!(Command::new("mkfifo").arg(&path).status().unwrap().success()),
        &|| std::os::unix::fs::symlink(&target, &path).unwrap(),
        &|| std::fs::create_dir(&path).unwrap(),
    ];
    std::fs::remove_file(&path).unwrap();
    for (number, obstacle) in obstacles.iter().enumerate() {
        obstacle();
        let outcome = tokio::time::timeout(LONG / 60, lock.acquire("a", Duration::ZERO, LockPlace::default())).await;
        assert!(
            matches!(outcome, Ok(Err(StoreError::Failed { .. }))),
            "{number}: {outcome:?}"
        );
        let _ = std::fs::remove_file(&path);
    }
    assert!(!target.exists(), "a link was followed");
}

#[tokio::test]
async fn a_process_that_is_killed_holds_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let lock = lock_in(folder.path());
    let mut child = holding(folder.path());
    assert!(take(&lock, "a").await.is_none());
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(wait(&lock, "a", LONG).await.is_some());
}

#[tokio::test]
async fn its_files_are_private_and_stay() {
    let folder = tempfile::tempdir().unwrap();
    let lock = lock_in(folder.path());
    drop(take(&lock, "a/../b \u{e9}").await);
    let names = names_in(&folder.path().join("app"));
    assert!(
        matches!(&names[..], [name] if name.starts_with("session.") && name.ends_with(".lock")),
        "{names:?}"
    );
    assert_eq!(mode(&folder.path().join("app").join(&names[0])), 0o600);
    assert_eq!(mode(&folder.path().join("app")), 0o700);
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("app"), "a file").unwrap();
    let outcome = lock_in(folder.path())
        .acquire("a", Duration::ZERO, LockPlace::default())
        .await;
    assert!(
        matches!(outcome, Err(StoreError::Failed { status: Some(_), .. })),
        "{outcome:?}"
    );
}

const CHILD: &str = "file_lock::child_holds";

/// Another process, which holds the lock when this returns. It ends with its input.
fn holding(folder: &Path) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", CHILD])
        .env("CHILD_HOLDS_IN", folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "held"));
    child
}

#[tokio::test]
#[ignore = "runs as another process of a test above"]
async fn child_holds() {
    let Ok(folder) = std::env::var("CHILD_HOLDS_IN") else {
        return;
    };
    let held = take(&lock_in(Path::new(&folder)), "a").await;
    println!("\n{}", if held.is_some() { "held" } else { "not held" });
    std::io::stdin().read_line(&mut String::new()).unwrap();
}
