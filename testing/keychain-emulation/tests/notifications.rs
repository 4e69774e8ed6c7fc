//! The adapter that posts and receives notifications of store changes, over real CoreFoundation.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pilotlight_core::adapters::store_changes::{Reaction, StoreChanges};
use pilotlight_keychain_emulation::notifications::{deliver_late, listeners, open};
use pilotlight_keychain_emulation::ownership::balance_of;

fn counter() -> (Arc<AtomicUsize>, Reaction) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let react = move || {
        counted.fetch_add(1, Ordering::SeqCst);
    };
    (count, Arc::new(react))
}

#[test]
fn a_change_is_heard_by_all_who_listen_to_that_name_until_they_end() {
    let (first, second) = (open("org.example.a"), open("org.example.b"));
    let (heard, react) = counter();
    let (also_heard, react_too) = counter();
    let observing = first.observe(react);
    let also_observing = first.observe(react_too);
    first.post();
    second.post();
    let counts = || (heard.load(Ordering::SeqCst), also_heard.load(Ordering::SeqCst));
    assert_eq!(counts(), (1, 1));
    drop(observing);
    assert_eq!(listeners("org.example.a"), 1);
    first.post();
    assert_eq!(counts(), (1, 2));
    drop(also_observing);
    first.post();
    assert_eq!((counts(), listeners("org.example.a")), ((1, 2), 0));
}

/// The main thread delivers while another thread removes the observer.
#[test]
fn what_is_on_its_way_to_one_that_has_ended_is_dropped() {
    let changes = open("org.example.late");
    let (heard, react) = counter();
    let _observing = changes.observe(react);
    for number in [0, usize::MAX, 1 << 40] {
        deliver_late(number, "org.example.late");
    }
    assert_eq!(heard.load(Ordering::SeqCst), 0);
}

#[test]
fn an_observer_may_end_others_while_it_is_called() {
    let changes = open("org.example.nested");
    let other = std::sync::Mutex::new(Some(changes.observe(Arc::new(|| {}))));
    let _observing = changes.observe(Arc::new(move || drop(other.lock().unwrap().take())));
    changes.post();
    assert_eq!(listeners("org.example.nested"), 1);
}

#[test]
fn nothing_is_left_over() {
    let work = || {
        let changes = open("org.example.owned");
        let observing = changes.observe(Arc::new(|| {}));
        changes.post();
        drop(observing);
    };
    assert_eq!(balance_of(work), 0);
}
