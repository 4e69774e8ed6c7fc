//! One item after the other.

use pilotlight_core::model::secret::Fingerprint;

use crate::{Place, bytes, sorted_names};

/// A store reads its own writes.
pub async fn what_was_written_is_read_at_once(place: &dyn Place) {
    let store = place.open();
    assert_eq!(store.read("session").await, Ok(None));
    store.write("session", bytes("tokens")).await.unwrap();
    assert_eq!(store.read("session").await, Ok(Some(bytes("tokens"))));
}

/// Nothing of a longer old value remains.
pub async fn a_write_replaces_the_whole_item(place: &dyn Place) {
    let store = place.open();
    for value in ["a long first value", "short", "", "not empty again"] {
        store.write("session", bytes(value)).await.unwrap();
        assert_eq!(store.read("session").await, Ok(Some(bytes(value))));
    }
}

/// The name can also be used again.
pub async fn a_deleted_item_is_gone_and_deleting_nothing_succeeds(place: &dyn Place) {
    let store = place.open();
    store.delete("session").await.unwrap();
    store.write("session", bytes("tokens")).await.unwrap();
    store.delete("session").await.unwrap();
    assert_eq!(store.read("session").await, Ok(None));
    store.delete("session").await.unwrap();
    store.write("session", bytes("again")).await.unwrap();
    assert_eq!(store.read("session").await, Ok(Some(bytes("again"))));
}

/// Every byte, no byte, and 64 KiB.
pub async fn any_bytes_are_kept(place: &dyn Place) {
    let store = place.open();
    let every_byte: Vec<u8> = (0..=255).collect();
    let large: Vec<u8> = (0..65_536_u32)
        .map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    for value in [every_byte, large, vec![0], Vec::new()] {
        store.write("session", bytes(value.clone())).await.unwrap();
        assert_eq!(store.read("session").await, Ok(Some(bytes(value))));
    }
}

/// Including texts that look the same to a file system, to a case-insensitive comparison, or after normalisation.
pub async fn any_text_is_a_name_of_its_own(place: &dyn Place) {
    let store = place.open();
    let long = "n".repeat(2000);
    let mut names = [
        "",
        " ",
        "session",
        "Session",
        "session ",
        "../session",
        "a/b\\c",
        "\"quoted\"\n",
        "\u{0}",
        "\u{0}\u{0}",
        "日本語",
        "👩‍👩‍👧",
        "\u{10ffff}",
        // "é", composed and decomposed.
        "\u{e9}",
        "e\u{301}",
        long.as_str(),
    ];
    for name in names {
        store.write(name, bytes(format!("value of {name}"))).await.unwrap();
    }
    for name in names {
        let expected = bytes(format!("value of {name}"));
        assert_eq!(store.read(name).await, Ok(Some(expected)), "{name:?}");
    }
    names.sort_unstable();
    assert_eq!(sorted_names(&*store).await, names);
}

/// A swap also changes nothing else.
pub async fn a_swap_replaces_only_what_was_seen(place: &dyn Place) {
    let (store, observer) = (place.open(), place.open());
    let seen = |value: &str| Some(Fingerprint::of(&bytes(value)));
    let (one, two) = (seen("one"), seen("two"));
    let table = [
        // The existing value, the seen value, the new value, and whether the swap succeeds.
        (None, None, Some("one"), true),
        (None, one, Some("two"), false),
        (None, one, None, false),
        (None, None, None, true),
        (Some("one"), one, Some("two"), true),
        (Some("one"), one, Some("one"), true),
        (Some("one"), one, None, true),
        (Some("one"), two, Some("three"), false),
        (Some("one"), two, None, false),
        (Some("one"), None, Some("two"), false),
        (Some("one"), None, None, false),
    ];
    for (before, seen, new, expected) in table {
        store.delete("session").await.unwrap();
        store.write("other", bytes("untouched")).await.unwrap();
        if let Some(before) = before {
            store.write("session", bytes(before)).await.unwrap();
        }
        let row = (before, seen, new);
        assert_eq!(
            store.swap("session", seen, new.map(bytes)).await,
            Ok(expected),
            "{row:?}"
        );
        let after = if expected { new } else { before };
        assert_eq!(observer.read("session").await, Ok(after.map(bytes)), "{row:?}");
        assert_eq!(observer.read("other").await, Ok(Some(bytes("untouched"))), "{row:?}");
    }
    // The next swap finds what a swap has written.
    assert_eq!(store.swap("new", None, Some(bytes("one"))).await, Ok(true));
    assert_eq!(observer.swap("new", one, Some(bytes("two"))).await, Ok(true));
    assert_eq!(store.swap("new", one, Some(bytes("three"))).await, Ok(false));
    assert_eq!(store.swap("new", two, None).await, Ok(true));
    assert_eq!(observer.read("new").await, Ok(None));
}

/// Two sessions side by side.
pub async fn items_do_not_touch_each_other(place: &dyn Place) {
    let store = place.open();
    store.write("one", bytes("1")).await.unwrap();
    store.write("two", bytes("2")).await.unwrap();
    store.write("one", bytes("one")).await.unwrap();
    store.delete("three").await.unwrap();
    assert_eq!(store.read("two").await, Ok(Some(bytes("2"))));
    store.delete("one").await.unwrap();
    assert_eq!(store.read("two").await, Ok(Some(bytes("2"))));
    assert_eq!(store.read("one").await, Ok(None));
}

/// Each name once, however often it was written; no deleted ones; and only the store's own.
pub async fn names_are_those_of_the_items_that_are_there(place: &dyn Place) {
    let store = place.open();
    assert_eq!(store.names().await, Ok(Vec::new()));
    for name in ["b", "a", "c", "a"] {
        store.write(name, bytes(name)).await.unwrap();
    }
    assert_eq!(sorted_names(&*store).await, ["a", "b", "c"]);
    // What a store does to make sure that an item is missing leaves nothing in the list.
    assert_eq!(store.read("d").await, Ok(None));
    store.delete("b").await.unwrap();
    assert_eq!(sorted_names(&*store).await, ["a", "c"]);
    store.delete("a").await.unwrap();
    store.delete("c").await.unwrap();
    assert_eq!(store.names().await, Ok(Vec::new()));
}

/// Like two instances in one process, or an app and its extension.
pub async fn two_who_open_the_same_place_see_the_same(place: &dyn Place) {
    let (one, two) = (place.open(), place.open());
    one.write("session", bytes("1")).await.unwrap();
    assert_eq!(two.read("session").await, Ok(Some(bytes("1"))));
    two.write("session", bytes("2")).await.unwrap();
    assert_eq!(one.read("session").await, Ok(Some(bytes("2"))));
    two.write("other", bytes("3")).await.unwrap();
    assert_eq!(sorted_names(&*one).await, ["other", "session"]);
    one.delete("session").await.unwrap();
    assert_eq!(two.read("session").await, Ok(None));
}

/// Values must not appear in logs and errors.
pub async fn debug_shows_no_value(place: &dyn Place) {
    let store = place.open();
    store.write("session", bytes("planted")).await.unwrap();
    let read = store.read("session").await;
    let shown = format!("{store:?} {read:?}");
    assert!(!shown.contains("planted"), "{shown}");
}
