//! Metadata changes that wait for the network: in order, across launches, and never sent again out of order.

use futures_util::FutureExt as _;
use pilotlight_core::ffi::{RetryReason, SessionError};
use pilotlight_core::model::metadata::parse_object;
use pilotlight_core::model::pending_update::MOST_WAITING;
use pilotlight_core::session::{SessionManager, UpdateOutcome};
use pilotlight_identity_server::{Endpoint, Fault};
use serde_json::{Map, Value, json};

use crate::world::{ADA, GRACE, World, assert_renews, disk_full, forced, is_signed_in, public, until};

pub(crate) fn object(value: Value) -> Map<String, Value> {
    parse_object("test", &value.to_string()).unwrap()
}

/// Ada's metadata on the server.
pub(crate) fn kept(world: &World) -> Value {
    Value::Object(world.control().user_metadata(ADA).unwrap())
}

pub(crate) async fn world() -> (World, SessionManager) {
    let world = World::new().await;
    world.control().set_user_metadata(ADA, Map::new());
    let session = world.signed_in().await;
    (world, session)
}

pub(crate) async fn queue(session: &SessionManager, changes: Value) -> u64 {
    match session.update_metadata_or_queue(object(changes)).await.unwrap() {
        UpdateOutcome::Queued { id } => id,
        done => panic!("{done:?}"),
    }
}

pub(crate) fn waiting(session: &SessionManager) -> Vec<u64> {
    let updates = session.pending_metadata_updates();
    updates.iter().map(|update| update.id).collect()
}

pub(crate) fn changes_sent(world: &World) -> usize {
    let requests = world.control().requests();
    requests.iter().filter(|request| request.method == "PATCH").count()
}

/// Returns when nothing waits any more.
pub(crate) async fn until_nothing_waits(session: &SessionManager) {
    until("nothing waits", || waiting(session).is_empty()).await;
}

#[tokio::test]
async fn with_a_network_it_is_an_update_like_any_other() {
    let (world, session) = world().await;
    let outcome = session.update_metadata_or_queue(object(json!({"a": 1}))).await.unwrap();
    assert!(matches!(outcome, UpdateOutcome::Done { metadata } if metadata.0 == object(json!({"a": 1}))));
    assert_eq!((waiting(&session), kept(&world)), (Vec::new(), json!({"a": 1})));
    assert_eq!(world.control().seen(Endpoint::Users), 1);
    assert!(world.stored().unwrap().get("pending_updates").is_none());
}

#[tokio::test]
async fn offline_they_wait_and_are_sent_in_order_at_the_next_launch() {
    let (world, session) = world().await;
    world.control().go_offline().await.unwrap();
    let first = queue(&session, json!({"a": 1, "b": 1})).await;
    let second = queue(&session, json!({"a": 2, "c": 3})).await;
    let third = queue(&session, json!({"c": null})).await;
    assert_eq!(waiting(&session), [first, second, third]);
    let update = &session.pending_metadata_updates()[1];
    assert_eq!(update.changes.0, object(json!({"a": 2, "c": 3})));
    assert!(!format!("{update:?}").contains("\"a\""), "personal data");

    let restarted = world.session();
    restarted.restore().await.unwrap();
    assert_eq!(
        waiting(&restarted),
        [first, second, third],
        "a launch without a network"
    );
    world.control().go_online().await.unwrap();
    let restarted = world.session();
    restarted.restore().await.unwrap();
    until_nothing_waits(&restarted).await;
    assert_eq!(kept(&world), json!({"a": 2, "b": 1}));
    assert!(is_signed_in(&restarted));
}

#[tokio::test]
async fn they_are_sent_when_something_else_succeeds() {
    let (world, session) = world().await;
    for renews in [true, false] {
        world.control().fault(Endpoint::Users, Fault::status(503));
        queue(&session, json!({"a": renews})).await;
        if renews {
            session.access_token(forced()).await.unwrap();
        } else {
            session.profile(true).await.unwrap();
        }
        until_nothing_waits(&session).await;
        assert_eq!(kept(&world), json!({"a": renews}));
    }
}

#[tokio::test]
async fn no_call_of_the_metadata_overtakes_what_waits() {
    let (world, session) = world().await;
    world.control().fault(Endpoint::Users, Fault::status(503));
    queue(&session, json!({"a": 1, "b": 1})).await;
    assert_eq!(
        session.fetch_metadata(&[]).await.unwrap(),
        object(json!({"a": 1, "b": 1}))
    );
    world.control().fault(Endpoint::Users, Fault::status(503));
    queue(&session, json!({"a": 2})).await;
    session.update_metadata(object(json!({"a": 3}))).await.unwrap();
    assert!(waiting(&session).is_empty(), "it was sent first");
    assert_eq!(kept(&world), json!({"a": 3, "b": 1}));
    // Nor does it happen if they cannot be sent.
    world.control().fault(Endpoint::Users, Fault::status(503).times(2));
    queue(&session, json!({"a": 4})).await;
    let error = public(session.update_metadata(object(json!({"a": 5}))).await);
    assert!(matches!(
        error,
        SessionError::RetryLater {
            reason: RetryReason::ServerFault,
            ..
        }
    ));
    session.flush_metadata_updates().await.unwrap();
    assert_eq!(kept(&world)["a"], 4);
}

#[tokio::test]
async fn a_change_that_waits_can_be_taken_back() {
    let (world, session) = world().await;
    world.control().fault(Endpoint::Users, Fault::status(503).times(2));
    let first = queue(&session, json!({"a": 1})).await;
    let second = queue(&session, json!({"b": 2})).await;
    assert!(session.cancel_metadata_update(first).await.unwrap());
    assert!(!session.cancel_metadata_update(first).await.unwrap());
    assert_eq!(world.stored().unwrap()["pending_updates"].as_array().unwrap().len(), 1);
    let report = session.flush_metadata_updates().await.unwrap();
    assert_eq!((report.applied, report.waiting), (vec![second], 0));
    assert_eq!(kept(&world), json!({"b": 2}));
}

#[tokio::test]
async fn what_the_server_refuses_is_dropped_and_announced_and_passing_trouble_keeps_the_rest() {
    let (world, session) = world().await;
    world.control().fault(Endpoint::Users, Fault::status(503).times(3));
    let mut ids = Vec::new();
    for number in 1..=3 {
        ids.push(queue(&session, json!({format!("k{number}"): number})).await);
    }
    let refusal = json!({"statusCode": 400, "error": "Bad Request", "message": "Payload validation error"});
    world
        .control()
        .fault(Endpoint::Users, Fault::json(400, &refusal).skip(1));
    world.control().fault(Endpoint::Users, Fault::status(503).skip(1));
    let report = session.flush_metadata_updates().await.unwrap();
    assert_eq!((report.applied, report.waiting), (vec![ids[0]], 1));
    assert_eq!(
        report.dropped.iter().map(|dropped| dropped.id).collect::<Vec<_>>(),
        [ids[1]]
    );
    assert!(report.dropped[0].message.contains("refused by the server"));
    assert_eq!(waiting(&session), [ids[2]]);
    let report = session.flush_metadata_updates().await.unwrap();
    assert_eq!(
        (report.applied, report.dropped.len(), report.waiting),
        (vec![ids[2]], 0, 0)
    );
    assert_eq!(kept(&world), json!({"k1": 1, "k3": 3}));

    // If it is refused at once, the caller gets the error, and nobody else.
    world.control().fault(Endpoint::Users, Fault::json(400, &refusal));
    let error = public(session.update_metadata_or_queue(object(json!({"a": 1}))).await);
    assert!(matches!(error, SessionError::FixArgument { argument, .. } if argument == "metadata"));
    assert!(session.flush_metadata_updates().await.unwrap().dropped.is_empty());
}

#[tokio::test]
async fn only_passing_trouble_makes_a_change_wait() {
    let (world, session) = world().await;
    let insufficient = json!({"statusCode": 403, "error": "Forbidden", "message": "Insufficient scope", "errorCode": "insufficient_scope"});
    world.control().fault(Endpoint::Users, Fault::json(403, &insufficient));
    let error = public(session.update_metadata_or_queue(object(json!({"a": 1}))).await);
    assert!(matches!(error, SessionError::FixConfiguration { field, .. } if field == "scopes"));
    assert!(waiting(&session).is_empty());
    assert!(
        session
            .update_metadata_or_queue(object(json!({"a.b": 1})))
            .await
            .is_err()
    );

    world.control().go_offline().await.unwrap();
    for number in 0..MOST_WAITING {
        queue(&session, json!({"a": number})).await;
        world.clock.advance(60);
    }
    let error = public(session.update_metadata_or_queue(object(json!({"a": 1}))).await);
    assert!(matches!(error, SessionError::FixArgument { argument, .. } if argument == "metadata"));
    assert_eq!(waiting(&session).len(), MOST_WAITING);

    world.store.fail_writes(Some(disk_full()));
    session.cancel_metadata_update(waiting(&session)[0]).await.unwrap_err();
    assert!(matches!(
        public(session.update_metadata_or_queue(object(json!({"b": 1}))).await),
        SessionError::CheckStorage { .. }
    ));
}

#[tokio::test]
async fn they_go_with_the_sign_out_and_belong_to_one_user() {
    let (world, session) = world().await;
    world.control().set_user_metadata(GRACE, Map::new());
    world.control().fault(Endpoint::Users, Fault::status(503));
    queue(&session, json!({"a": 1})).await;
    session.sign_out().await;
    assert!(waiting(&session).is_empty());
    world.sign_in(&session, ADA).await;
    assert!(waiting(&session).is_empty());

    // The session ends; the same user signs in again, and nothing is lost.
    world.control().fault(Endpoint::Users, Fault::status(503));
    let id = queue(&session, json!({"a": 2})).await;
    world.control().revoke_user(ADA);
    session.access_token(forced()).await.unwrap_err();
    assert_eq!(waiting(&session), [id]);
    world.sign_in(&session, ADA).await;
    assert_eq!(waiting(&session), [id]);

    // Another user does not inherit it, and a request in flight does not change that.
    world.sign_in(&session, GRACE).await;
    assert!(waiting(&session).is_empty());
    session.update_metadata(object(json!({"g": 1}))).await.unwrap();
    assert_eq!(
        Value::Object(world.control().user_metadata(GRACE).unwrap()),
        json!({"g": 1})
    );
    assert_eq!(kept(&world), json!({}));
    assert_renews(&session).await;
}

#[tokio::test]
async fn they_outlive_a_sign_in_that_is_the_first_thing_at_a_launch() {
    let (world, session) = world().await;
    world.control().fault(Endpoint::Users, Fault::status(503).for_ever());
    let id = queue(&session, json!({"a": 1})).await;
    let next_launch = world.session();
    world.sign_in(&next_launch, ADA).await;
    assert_eq!(waiting(&next_launch), [id]);
    assert!(world.stored().unwrap().get("pending_updates").is_some());
}

#[tokio::test]
async fn a_second_sender_waits_for_the_first() {
    let (world, session) = world().await;
    world.control().fault(Endpoint::Users, Fault::status(503));
    let first = queue(&session, json!({"a": 1})).await;
    world.control().fault(Endpoint::Users, Fault::hold());
    let mut flushing = Box::pin(session.flush_metadata_updates());
    assert!((&mut flushing).now_or_never().is_none());
    let mut held = Box::pin(world.control().wait_for_held(Endpoint::Users, 1));
    // The future itself makes the request.
    futures_util::future::select(&mut flushing, &mut held).await;
    let mut second = Box::pin(session.update_metadata_or_queue(object(json!({"a": 2}))));
    assert!((&mut second).now_or_never().is_none());
    assert_eq!(world.control().held(Endpoint::Users), 1);
    world.control().release(Endpoint::Users);
    let (report, outcome) = tokio::join!(flushing, second);
    assert!(report.unwrap().applied.starts_with(&[first]));
    assert!(matches!(outcome.unwrap(), UpdateOutcome::Done { .. }));
    assert_eq!(kept(&world), json!({"a": 2}));
    assert!(waiting(&session).is_empty());
}

/// If two senders send a change, it arrives a second time after the next one.
#[tokio::test]
async fn what_is_on_its_way_is_sent_by_nobody_else() {
    let (world, session) = world().await;
    world.control().fault(Endpoint::Users, Fault::status(503));
    queue(&session, json!({"a": 1})).await;
    world.control().fault(Endpoint::Users, Fault::hold());
    let flushing = tokio::spawn({
        let session = session.clone();
        async move { session.flush_metadata_updates().await }
    });
    world.control().wait_for_held(Endpoint::Users, 1).await;
    let second = tokio::spawn({
        let session = session.clone();
        async move { session.update_metadata_or_queue(object(json!({"a": 2}))).await }
    });
    until("the second waits too", || waiting(&session).len() == 2).await;
    // A sender that did not wait for the first one would have sent something by now.
    for _ in 0..10_000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(changes_sent(&world), 2);
    world.control().release(Endpoint::Users);
    flushing.await.unwrap().unwrap();
    second.await.unwrap().unwrap();
    assert_eq!(changes_sent(&world), 3, "one more for the second");
    assert_eq!((waiting(&session), kept(&world)), (Vec::new(), json!({"a": 2})));
}

/// Another session of the same user is written in the place of one that nobody has read.
#[tokio::test]
async fn a_sign_in_while_the_store_cannot_be_read_keeps_the_users_changes() {
    let world = World::new().await;
    let session = world.signed_in().await;
    world.control().fault(Endpoint::Users, Fault::status(503).for_ever());
    let id = queue(&session, json!({"a": 1})).await;
    drop(session);
    let session = world.session();
    let callback = world.callback(&session, ADA).await;
    world.store.fail_reads(Some(disk_full()));
    assert!(matches!(
        public(session.complete_sign_in(&callback).await),
        SessionError::CheckStorage { .. }
    ));
    assert!(is_signed_in(&session));
    world.store.fail_reads(None);
    session.restore().await.unwrap();
    assert_eq!(waiting(&session), [id]);
    assert_eq!(world.stored().unwrap()["pending_updates"].as_array().unwrap().len(), 1);
}
