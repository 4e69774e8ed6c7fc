//! The promises of the file store beyond those of every store: modes, damage, links, failures.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use pilotlight_core::adapters::file_store::{self, FileStore};
use pilotlight_core::adapters::off_thread::BlockingStore;
use pilotlight_core::ports::StoreError;

use crate::support::bytes;
use crate::support::store_folder::{folder_with_session, mode, names_in};

#[test]
fn the_first_write_makes_a_private_folder_and_private_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made/by/store.json");
    let store = FileStore::new(&path);
    assert_eq!(store.read("session"), Ok(None));
    store.delete("session").unwrap();
    assert_eq!(names_in(folder.path()), [""; 0], "reading and deleting make nothing");

    store.write("session", &bytes("tokens")).unwrap();
    assert_eq!(mode(&folder.path().join("made")), 0o700);
    assert_eq!(mode(&folder.path().join("made/by")), 0o700);
    assert_eq!(names_in(path.parent().unwrap()), ["store.json", "store.json.lock"]);
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&path.with_file_name("store.json.lock")), 0o600);
}

#[test]
fn a_file_that_others_could_read_is_closed_to_them_by_the_next_write() {
    let (_folder, path, store) = folder_with_session();
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    assert_eq!(store.read("session"), Ok(Some(bytes("tokens"))));
    store.write("session", &bytes("new")).unwrap();
    assert_eq!(mode(&path), 0o600);
}

#[test]
fn a_file_that_cannot_be_understood_is_an_error_and_left_as_it_is() {
    let contents = [
        "",
        "{",
        "[]",
        "not json",
        r#"{"items":{}}"#,
        r#"{"format":"pilotlight-store","version":2,"items":{}}"#,
        r#"{"format":"another","version":1,"items":{}}"#,
        r#"{"format":"pilotlight-store","version":1,"items":{"session":7}}"#,
        "\u{feff}{}",
    ];
    for content in contents {
        let (_folder, path, store) = folder_with_session();
        fs::write(&path, content).unwrap();
        let errors = [
            store.read("session").map(drop).unwrap_err(),
            store.write("session", &bytes("new")).unwrap_err(),
            store.delete("session").unwrap_err(),
        ];
        for error in errors {
            assert!(matches!(error, StoreError::Failed { .. }), "{content:?}: {error:?}");
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }
}

#[test]
fn one_damaged_item_does_not_take_the_others_with_it() {
    let (_folder, path, store) = folder_with_session();
    store.write("other", &bytes("kept")).unwrap();
    let json = fs::read_to_string(&path).unwrap().replace("dG9rZW5z", "dG9rZW5");
    fs::write(&path, json).unwrap();
    assert!(matches!(store.read("session"), Err(StoreError::Failed { .. })));
    assert_eq!(store.read("other"), Ok(Some(bytes("kept"))));
    store.write("third", &bytes("3")).unwrap();
    assert!(
        fs::read_to_string(&path).unwrap().contains("\"dG9rZW5\""),
        "what is damaged is not thrown away"
    );
}

#[test]
fn a_folder_is_no_store_and_the_error_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let problem = file_store::open(path).err().unwrap();
    assert!(problem.contains(path) && problem.contains("folder"), "{problem}");
    // One that is made later.
    let error = FileStore::new(folder.path()).read("session").unwrap_err();
    let says = "opening the store's file: not a regular file";
    assert!(
        matches!(&error, StoreError::Failed { explanation, .. } if explanation == says),
        "{error:?}"
    );
}

#[test]
fn a_symbolic_link_is_neither_followed_nor_replaced() {
    let (folder, path, store) = folder_with_session();
    let elsewhere = folder.path().join("elsewhere.json");
    fs::rename(&path, &elsewhere).unwrap();
    let before = fs::read(&elsewhere).unwrap();
    for target in [elsewhere.clone(), folder.path().join("dangling")] {
        symlink(&target, &path).unwrap();
        assert!(store.read("session").is_err());
        assert!(store.write("session", &bytes("new")).is_err());
        assert!(store.delete("session").is_err());
        assert_eq!(fs::read_link(&path).unwrap(), target);
        fs::remove_file(&path).unwrap();
    }
    assert_eq!(fs::read(&elsewhere).unwrap(), before);
    assert!(!folder.path().join("dangling").exists());
}

#[test]
fn a_folder_or_a_pipe_in_the_files_place_is_an_error_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [folder.path(), &pipe] {
        assert!(
            matches!(FileStore::new(path).read("session"), Err(StoreError::Failed { .. })),
            "{path:?}"
        );
    }
}

#[test]
fn what_a_crash_left_behind_is_replaced_and_not_followed() {
    let (folder, path, store) = folder_with_session();
    let temporary = folder.path().join("store.json.tmp");
    fs::write(&temporary, "half a docu").unwrap();
    fs::set_permissions(&temporary, Permissions::from_mode(0o666)).unwrap();
    store.write("session", &bytes("second")).unwrap();
    assert_eq!(mode(&path), 0o600);

    let victim = folder.path().join("victim");
    fs::write(&victim, "untouched").unwrap();
    symlink(&victim, &temporary).unwrap();
    store.write("session", &bytes("third")).unwrap();
    assert_eq!(store.read("session"), Ok(Some(bytes("third"))));
    assert_eq!(fs::read_to_string(&victim).unwrap(), "untouched");
    assert_eq!(names_in(folder.path()), ["store.json", "store.json.lock", "victim"]);
}

#[test]
fn a_write_that_cannot_be_made_leaves_the_old_value() {
    // An obstacle that stops even root, whom no mode stops: a folder in place of the lock or the temporary file.
    for obstacle in ["store.json.lock", "store.json.tmp"] {
        let (folder, _path, store) = folder_with_session();
        let obstacle = folder.path().join(obstacle);
        let _ = fs::remove_file(&obstacle);
        fs::create_dir(&obstacle).unwrap();
        assert!(matches!(
            store.write("session", &bytes("new")),
            Err(StoreError::Failed { status: Some(_), .. })
        ));
        assert!(store.delete("session").is_err());
        assert_eq!(store.read("session"), Ok(Some(bytes("tokens"))));
    }
}

#[test]
fn a_folder_that_cannot_be_written_to_is_not_permitted() {
    let (folder, _path, store) = folder_with_session();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o500)).unwrap();
    let enforced = File::create(folder.path().join("attempt")).is_err();
    let outcome = store.write("session", &bytes("new"));
    fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
    if enforced {
        assert!(
            matches!(outcome, Err(StoreError::NotPermitted { status: Some(_), .. })),
            "{outcome:?}"
        );
        assert_eq!(store.read("session"), Ok(Some(bytes("tokens"))));
    } else {
        assert_eq!(outcome, Ok(()), "root may write everywhere");
    }
}

#[test]
fn a_file_where_a_folder_should_be_is_an_error() {
    let (_folder, path, _store) = folder_with_session();
    let below = FileStore::new(path.join("store.json"));
    assert!(below.read("session").is_err());
    assert!(below.write("session", &bytes("new")).is_err());
}
