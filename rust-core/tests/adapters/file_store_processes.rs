//! The file store while other threads, handles and processes use the same file.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use pilotlight_core::adapters::file_store::FileStore;
use pilotlight_core::adapters::off_thread::BlockingStore;

use crate::support::bytes;
use crate::support::store_folder::{folder_with_session, mode, names_in};

#[test]
fn a_reader_sees_the_old_or_the_new_file_and_nothing_in_between() {
    let (_folder, path, store) = folder_with_session();
    store.write("session", &bytes(vec![0; 20_000])).unwrap();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for round in 1..=100_u8 {
                store.write("session", &bytes(vec![round; 20_000])).unwrap();
            }
            done.store(true, Ordering::Release);
        });
        let reader = FileStore::new(&path);
        let mut last = 0;
        while !done.load(Ordering::Acquire) {
            let seen = reader.read("session").unwrap().unwrap();
            let first = seen.expose()[0];
            assert!(first >= last && seen.expose() == vec![first; 20_000]);
            last = first;
        }
    });
    assert_eq!(store.read("session"), Ok(Some(bytes(vec![100; 20_000]))));
}

#[test]
fn no_file_is_ever_readable_by_others_also_under_a_careless_umask() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = child_writing(&folder.path().join("store.json"), "umask 000", 100, 100);
    while child.try_wait().unwrap().is_none() {
        for entry in fs::read_dir(folder.path()).unwrap().flatten() {
            // Temporary files may be gone by now.
            if let Ok(metadata) = entry.metadata() {
                assert_eq!(metadata.permissions().mode() & 0o077, 0, "{:?}", entry.file_name());
            }
        }
    }
    assert!(child.wait().unwrap().success());
    assert_eq!(mode(&folder.path().join("store.json")), 0o600);
}

#[test]
fn a_full_disk_leaves_the_old_value_and_no_litter() {
    let (folder, path, store) = folder_with_session();
    // No file of more than one block can be written, as on a disk that becomes full during a write.
    let one_block = "trap '' XFSZ; ulimit -f 1";
    assert!(
        child_writing(&path, one_block, 1, 10).wait().unwrap().success(),
        "there is room for little"
    );
    let mut child = child_writing(&path, one_block, 1, 65_536);
    assert!(!child.wait().unwrap().success(), "and not for much");
    assert_eq!(store.read("session"), Ok(Some(bytes("tokens"))));
    assert_eq!(store.read(&child_item(child.id(), 0)), Ok(None));
    assert_eq!(names_in(folder.path()), ["store.json", "store.json.lock"]);
}

#[test]
fn processes_and_handles_that_write_at_once_lose_nothing() {
    const ITEMS: usize = 30;
    let (_folder, path, store) = folder_with_session();
    let mut children = [(); 2].map(|()| child_writing(&path, ":", ITEMS, 10));
    for index in 0..ITEMS {
        FileStore::new(&path)
            .write(&format!("ours {index}"), &bytes("x"))
            .unwrap();
    }
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    for index in 0..ITEMS {
        assert!(store.read(&format!("ours {index}")).unwrap().is_some());
        for child in &children {
            assert!(store.read(&child_item(child.id(), index)).unwrap().is_some());
        }
    }
    assert_eq!(store.read("session"), Ok(Some(bytes("tokens"))));
}

#[test]
fn a_write_waits_for_whoever_holds_the_lock() {
    let (_folder, path, store) = folder_with_session();
    let lock = File::options()
        .write(true)
        .open(path.with_file_name("store.json.lock"))
        .unwrap();
    lock.lock().unwrap();
    thread::scope(|scope| {
        let writer = scope.spawn(|| store.write("session", &bytes("later")));
        // Reading does not wait.
        assert_eq!(FileStore::new(&path).read("session"), Ok(Some(bytes("tokens"))));
        lock.unlock().unwrap();
        writer.join().unwrap().unwrap();
    });
    assert_eq!(store.read("session"), Ok(Some(bytes("later"))));
}

const CHILD: &str = "file_store_processes::child_writes";

/// Another process, which writes `items` values of `size` bytes after the shell commands in `before`. Its path is
/// relative.
fn child_writing(path: &Path, before: &str, items: usize, size: usize) -> Child {
    Command::new("sh")
        .args(["-c", &format!("{before}; exec \"$0\" --ignored --exact {CHILD}")])
        .arg(std::env::current_exe().unwrap())
        .current_dir(path.parent().unwrap())
        .env("CHILD_WRITES_TO", path.file_name().unwrap())
        .env("CHILD_WRITES_ITEMS", items.to_string())
        .env("CHILD_WRITES_SIZE", size.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn child_item(process: u32, index: usize) -> String {
    format!("item {index} of {process}")
}

#[test]
#[ignore = "runs as another process of the tests above"]
fn child_writes() {
    let Ok(path) = std::env::var("CHILD_WRITES_TO") else {
        return;
    };
    let number = |name: &str| std::env::var(name).unwrap().parse::<usize>().unwrap();
    let (items, value) = (
        number("CHILD_WRITES_ITEMS"),
        bytes(vec![7; number("CHILD_WRITES_SIZE")]),
    );
    let store = FileStore::new(path);
    for index in 0..items {
        store.write(&child_item(std::process::id(), index), &value).unwrap();
    }
}
