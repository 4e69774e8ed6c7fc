//! Promise 9: everything that is stored can be read, or is kept.

use pilotlight_core::ffi::SessionError;
use pilotlight_core::model::state::SessionState;

use crate::sharing::{app_and_extension, assert_no_token_was_spent_twice};
use crate::world::{ADA, World, assert_renews, disk_full, is_signed_in, public};

/// A session's item, and its name after it is set aside.
async fn signed_in_item(world: &World) -> (String, String, Vec<u8>) {
    drop(world.signed_in().await);
    let (name, item) = world.store.items().pop_first().unwrap();
    let aside = format!("{name}|unreadable");
    (name, aside, item)
}

#[tokio::test]
async fn a_damaged_item_is_kept_aside_reported_once_and_a_new_sign_in_works() {
    let world = World::new().await;
    let (name, aside, good) = signed_in_item(&world).await;
    for damaged in [
        b"".as_slice(),
        b"not json",
        b"[]",
        b"{}",
        b"{\"version\":0}",
        b"{\"version\":1}",
        &good[..40],
        &vec![b' '; 1024 * 1024 + 1],
    ] {
        world.store.put(&name, damaged);
        let error = public(world.session().restore().await);
        assert!(
            matches!(error, SessionError::CheckStorage { status: None, .. }),
            "{error:?}"
        );
        assert!(world.store.items().values().any(|item| item == damaged), "kept aside");
        let session = world.session();
        assert_eq!(session.restore().await, Ok(SessionState::SignedOut), "reported once");
        world.sign_in(&session, ADA).await;
        assert!(matches!(
            world.session().restore().await,
            Ok(SessionState::SignedIn { .. })
        ));
        assert!(world.store.items().values().any(|item| item == damaged), "still");
        assert_eq!(
            world.store.items()[&aside],
            b"",
            "what was kept aside first stays there"
        );
    }
    let session = world.session();
    session.restore().await.unwrap();
    session.sign_out().await;
    assert!(
        world.store.items().is_empty(),
        "only a sign-out deletes it, and all of it"
    );
}

#[tokio::test]
async fn the_same_damaged_item_is_kept_once_and_very_many_do_not_fill_the_store() {
    let world = World::new().await;
    let (name, _, _) = signed_in_item(&world).await;
    for round in 0..40 {
        world.store.put(&name, format!("damaged {}", round / 2).as_bytes());
        assert!(world.session().restore().await.is_err());
    }
    let items = world.store.items();
    assert_eq!(items.len(), 9);
    for kept in ["damaged 0", "damaged 1", "damaged 7", "damaged 19"] {
        assert!(items.values().any(|item| item == kept.as_bytes()), "{kept}");
    }
}

#[tokio::test]
async fn a_newer_releases_item_stays_for_that_release_until_a_sign_in_replaces_it() {
    let world = World::new().await;
    let (name, aside, good) = signed_in_item(&world).await;
    let newer = String::from_utf8(good).unwrap();
    let newer = newer.replacen("\"version\":1", "\"version\":99", 1).into_bytes();
    world.store.put(&name, &newer);
    for _launch in 0..2 {
        let session = world.session();
        let error = public(session.restore().await);
        assert!(error.to_string().contains("format 99"), "{error:?}");
        assert_eq!(session.restore().await, Ok(SessionState::SignedOut));
        assert_eq!(world.store.items()[&name], newer);
    }
    let session = world.session();
    assert!(session.restore().await.is_err());
    world.sign_in(&session, ADA).await;
    assert_eq!(world.store.items()[&aside], newer);
}

/// In that case it is kept under its own name; it is never lost.
#[tokio::test]
async fn a_damaged_item_that_cannot_be_moved_stays_and_is_moved_at_the_next_chance() {
    let world = World::new().await;
    let (name, aside, _) = signed_in_item(&world).await;
    world.store.put(&name, b"damaged");
    world.store.fail_writes(Some(disk_full()));
    let session = world.session();
    assert!(matches!(
        public(session.restore().await),
        SessionError::CheckStorage { status: None, .. }
    ));
    assert_eq!(world.store.items()[&name], b"damaged");
    assert_eq!(session.restore().await, Ok(SessionState::SignedOut));
    world.store.fail_writes(None);
    world.sign_in(&session, ADA).await;
    assert_eq!(world.store.items()[&aside], b"damaged");
}

#[tokio::test]
async fn a_sign_out_leaves_nothing_behind() {
    let world = World::new().await;
    let (name, _, _) = signed_in_item(&world).await;
    world.store.put(&name, b"damaged");
    let session = world.session();
    session.restore().await.unwrap_err();
    world.sign_in(&session, ADA).await;
    assert_eq!(world.store.items().len(), 2);
    session.sign_out().await;
    assert!(world.store.items().is_empty());
}

/// They would take an item that is absent for a sign-out.
#[tokio::test]
async fn a_damaged_item_that_a_new_process_finds_signs_no_other_one_out() {
    let (world, app, _extension, _folder) = app_and_extension().await;
    let (name, _) = world.store.items().pop_first().unwrap();
    world.store.put(&name, b"damaged");
    let new = world.session();
    assert!(matches!(
        public(new.restore().await),
        SessionError::CheckStorage { status: None, .. }
    ));
    assert_eq!(world.store.items()[&name], b"damaged");
    app.look_again().await;
    assert!(is_signed_in(&app));
    assert_renews(&app).await;
    new.restore().await.unwrap();
    assert_renews(&new).await;
    assert_no_token_was_spent_twice(&world);
}

#[tokio::test]
async fn a_damaged_item_that_processes_share_is_reported_once_and_a_new_sign_in_works() {
    let (world, app, extension, _folder) = app_and_extension().await;
    drop((app, extension));
    let (name, _) = world.store.items().pop_first().unwrap();
    for damaged in [b"damaged".as_slice(), b"damaged once more"] {
        world.store.put(&name, damaged);
        world.session().restore().await.unwrap_err();
        let session = world.session();
        for _again in 0..2 {
            assert_eq!(session.restore().await, Ok(SessionState::SignedOut), "reported once");
        }
        world.sign_in(&session, ADA).await;
        assert!(world.store.items().values().any(|item| item == damaged), "kept");
        assert_renews(&world.session()).await;
    }
    let session = world.session();
    session.restore().await.unwrap();
    session.sign_out().await;
    assert!(world.store.items().is_empty());
}

/// The process that found it still knows it.
#[tokio::test]
async fn what_a_sign_out_elsewhere_has_deleted_is_not_kept_aside_again() {
    let (world, app, _extension, _folder) = app_and_extension().await;
    let (name, _) = world.store.items().pop_first().unwrap();
    world.store.put(&name, b"damaged");
    let new = world.session();
    new.restore().await.unwrap_err();
    app.sign_out().await;
    assert!(world.store.items().is_empty());
    world.sign_in(&app, ADA).await;
    new.restore().await.unwrap();
    new.profile(true).await.unwrap();
    assert_eq!(world.store.items().len(), 1);
}
