//! The state of the store after a failure.

use pilotlight_core::model::secret::Fingerprint;

use crate::{Place, bytes, sorted_names};

/// An operation that fails has done nothing; one that succeeds despite the failure has done all of it.
pub async fn a_failure_leaves_the_old_value(place: &dyn Place) {
    let (store, observer) = (place.open(), place.open());
    for failure in place.failures() {
        let name = &failure.name;
        store.write("session", bytes("old")).await.unwrap();
        store.write("other", bytes("untouched")).await.unwrap();

        let guard = (failure.begin)();
        let written = store.write("session", bytes("new")).await;
        drop(guard);
        assert!(!failure.certain || written.is_err(), "{name}: the write succeeded");
        let expected = if written.is_ok() { "new" } else { "old" };
        assert_eq!(
            observer.read("session").await,
            Ok(Some(bytes(expected))),
            "{name}: {written:?}"
        );

        store.write("session", bytes("old")).await.unwrap();
        let guard = (failure.begin)();
        let read = store.read("session").await;
        drop(guard);
        assert!(
            read.is_err() || read == Ok(Some(bytes("old"))),
            "{name}: an item that is there was read as {read:?}"
        );

        let seen = Some(Fingerprint::of(&bytes("old")));
        let guard = (failure.begin)();
        let swapped = store.swap("session", seen, Some(bytes("new"))).await;
        drop(guard);
        assert!(!failure.certain || swapped != Ok(true), "{name}: the swap succeeded");
        let expected = if swapped == Ok(true) { "new" } else { "old" };
        assert_eq!(
            observer.read("session").await,
            Ok(Some(bytes(expected))),
            "{name}: {swapped:?}"
        );
        store.write("session", bytes("old")).await.unwrap();

        let guard = (failure.begin)();
        let names = store.names().await.map(|mut names| {
            names.sort();
            names
        });
        drop(guard);
        let all = ["other".to_owned(), "session".to_owned()];
        assert!(names.is_err() || names.as_deref() == Ok(&all), "{name}: {names:?}");

        let guard = (failure.begin)();
        let deleted = store.delete("session").await;
        drop(guard);
        let expected = deleted.is_err().then(|| bytes("old"));
        assert_eq!(observer.read("session").await, Ok(expected), "{name}: {deleted:?}");

        // A new item is either not created, or complete.
        store.delete("session").await.unwrap();
        let guard = (failure.begin)();
        let added = store.write("session", bytes("first")).await;
        drop(guard);
        let expected = added.is_ok().then(|| bytes("first"));
        assert_eq!(observer.read("session").await, Ok(expected), "{name}: {added:?}");

        // Afterwards everything works again.
        assert_eq!(observer.read("other").await, Ok(Some(bytes("untouched"))), "{name}");
        store.write("session", bytes("again")).await.unwrap();
        assert_eq!(sorted_names(&*observer).await, all, "{name}");
    }
}

/// Neither the value that was to be written nor the existing one.
pub async fn a_failure_shows_no_value(place: &dyn Place) {
    let store = place.open();
    store.write("session", bytes("planted")).await.unwrap();
    for failure in place.failures() {
        let _guard = (failure.begin)();
        let errors = (
            store.read("session").await.err(),
            store.write("session", bytes("planted")).await.err(),
            store.delete("other").await.err(),
            store.names().await.err(),
        );
        let shown = format!("{errors:?}");
        assert!(!shown.contains("planted"), "{shown}");
        for error in [errors.0, errors.1, errors.2, errors.3].into_iter().flatten() {
            assert!(!error.to_string().contains("planted"), "{error}");
        }
    }
}
