//! Waiting metadata changes of two processes are sent once, and in order.

use pilotlight_core::ffi::SessionError;
use pilotlight_core::session::{SessionManager, Sharing};
use pilotlight_identity_server::{Endpoint, Fault};
use serde_json::{Map, json};
use tempfile::TempDir;

use crate::metadata_queue::{changes_sent, kept, object, queue, waiting};
use crate::sharing::app_and_extension;
use crate::world::{ADA, World, disk_full, public, until};

async fn two_processes() -> (World, SessionManager, SessionManager, TempDir) {
    let started = app_and_extension().await;
    started.0.control().set_user_metadata(ADA, Map::new());
    started
}

#[tokio::test]
async fn what_two_processes_let_wait_is_sent_once() {
    let (mut world, app, extension, _folder) = two_processes().await;
    world.control().fault(Endpoint::Users, Fault::status(503).for_ever());
    let first = queue(&app, json!({"a": 1})).await;
    let second = queue(&extension, json!({"a": 2})).await;
    let third = queue(&app, json!({"b": 3})).await;
    assert_eq!(waiting(&app), [first, second, third]);
    assert!(app.cancel_metadata_update(third).await.unwrap());
    world.control().clear_faults(Endpoint::Users);
    let report = extension.flush_metadata_updates().await.unwrap();
    assert_eq!(report.applied, [first, second]);
    let seen = world.control().seen(Endpoint::Users);
    let report = app.flush_metadata_updates().await.unwrap();
    assert!(report.applied.is_empty() && report.waiting == 0);
    assert_eq!(world.control().seen(Endpoint::Users), seen);
    assert_eq!(kept(&world), json!({"a": 2}));
    assert!(world.stored().unwrap().get("pending_updates").is_none());

    world.sharing = Sharing::ReadOnly;
    let widget = world.session();
    assert!(matches!(
        public(widget.update_metadata_or_queue(object(json!({"a": 1}))).await),
        SessionError::OpenApp { .. }
    ));
}

/// The earlier change of one process must not arrive after the later one of another process.
#[tokio::test]
async fn two_processes_send_what_waits_one_after_the_other() {
    let (world, app, extension, _folder) = two_processes().await;
    world.control().fault(Endpoint::Users, Fault::status(503));
    queue(&app, json!({"a": 1})).await;
    world.control().fault(Endpoint::Users, Fault::hold());
    extension.restore().await.unwrap();
    world.control().wait_for_held(Endpoint::Users, 1).await;
    let later = tokio::spawn({
        let app = app.clone();
        async move { app.update_metadata_or_queue(object(json!({"a": 2}))).await.unwrap() }
    });
    until("the later one waits", || waiting(&app).len() == 2).await;
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(world.control().held(Endpoint::Users), 1);
    // A renewal does not have to wait for it.
    app.access_token(crate::world::forced()).await.unwrap();
    world.control().release(Endpoint::Users);
    later.await.unwrap();
    extension.flush_metadata_updates().await.unwrap();
    app.flush_metadata_updates().await.unwrap();
    assert_eq!((waiting(&app), kept(&world)), (Vec::new(), json!({"a": 2})));
}

/// Another process on the device made a change while the user signed in again here.
#[tokio::test]
async fn what_another_process_lets_wait_stays_when_the_same_user_signs_in_again() {
    let (world, app, extension, _folder) = two_processes().await;
    world.control().fault(Endpoint::Users, Fault::status(503).for_ever());
    let id = queue(&extension, json!({"a": 1})).await;
    world.sign_in(&app, ADA).await;
    assert_eq!(waiting(&app), [id]);
    world.control().clear_faults(Endpoint::Users);
    app.flush_metadata_updates().await.unwrap();
    assert_eq!(kept(&world), json!({"a": 1}));
}

/// If the note that a change was sent could not be stored, another process or the next launch sends it again, which
/// must not happen after the next change.
#[tokio::test]
async fn while_the_store_holds_a_change_that_was_sent_no_later_one_is_sent() {
    let (world, app, extension, _folder) = two_processes().await;
    world.control().fault(Endpoint::Users, Fault::status(503));
    queue(&app, json!({"a": 1})).await;
    world.control().fault(Endpoint::Users, Fault::hold());
    let flushing = tokio::spawn({
        let app = app.clone();
        async move { app.flush_metadata_updates().await }
    });
    world.control().wait_for_held(Endpoint::Users, 1).await;
    let later = tokio::spawn({
        let app = app.clone();
        async move { app.update_metadata_or_queue(object(json!({"a": 2}))).await }
    });
    until("the later one waits", || waiting(&app).len() == 2).await;
    world.store.fail_writes(Some(disk_full()));
    let sent = changes_sent(&world);
    world.control().release(Endpoint::Users);
    assert!(flushing.await.unwrap().is_err());
    assert!(later.await.unwrap().is_err(), "as any change that cannot be stored");
    assert_eq!(changes_sent(&world), sent, "the later one is not sent");

    world.store.fail_writes(None);
    extension.flush_metadata_updates().await.unwrap();
    app.update_metadata_or_queue(object(json!({"a": 2}))).await.unwrap();
    assert_eq!((waiting(&app), kept(&world)), (Vec::new(), json!({"a": 2})));
    assert!(world.stored().unwrap().get("pending_updates").is_none());
}
