//! Metadata changes that the server refuses permanently are dropped and announced, and block no others.

use futures_util::future::join_all;
use pilotlight_core::machine::event::SessionEvent;
use pilotlight_core::model::profile::Claims;
use pilotlight_core::session::UpdateOutcome;
use pilotlight_identity_server::{Endpoint, Fault};
use serde_json::{Value, json};

use crate::metadata_queue::{kept, object, queue, until_nothing_waits, waiting, world};
use crate::reports::events;
use crate::world::{ADA, GRACE, forced, until};

/// Each kind of permanent refusal, with other changes behind it.
#[tokio::test]
async fn a_change_that_the_server_refuses_for_good_is_dropped_and_the_others_go_on() {
    let refusal = |status: u16| Fault::json(status, &json!({"statusCode": status, "message": "no"}));
    for fault in [
        refusal(400),
        // Such a token is renewed once; if the new one is refused too, the refusal is final.
        refusal(403).times(2),
        refusal(404),
        refusal(409),
        refusal(413),
        refusal(422),
        Fault::html(413),
        Fault::status(422),
    ] {
        let (world, session) = world().await;
        world.control().fault(Endpoint::Users, Fault::status(503).times(2));
        let first = queue(&session, json!({"a": 1})).await;
        let second = queue(&session, json!({"b": 2})).await;
        let mut events = events(&session);
        world.control().fault(Endpoint::Users, fault.clone());
        let metadata = session.fetch_metadata(&[]).await.unwrap();
        assert_eq!(metadata, object(json!({"b": 2})), "{fault:?}");
        assert!(waiting(&session).is_empty(), "{fault:?}");
        let announced = events.take();
        for event in [
            SessionEvent::MetadataUpdateRefused { id: first },
            SessionEvent::MetadataUpdateSent { id: second },
        ] {
            assert!(announced.contains(&event), "{fault:?}: {announced:?}");
        }
        let report = session.flush_metadata_updates().await.unwrap();
        assert_eq!(
            report.dropped.iter().map(|dropped| dropped.id).collect::<Vec<_>>(),
            [first]
        );
        // If a change is refused at once, it does not wait, and its caller gets the reason.
        world.control().fault(Endpoint::Users, fault.clone());
        session
            .update_metadata_or_queue(object(json!({"a": 1})))
            .await
            .unwrap_err();
        assert!(waiting(&session).is_empty(), "{fault:?}");
        assert!(session.flush_metadata_updates().await.unwrap().dropped.is_empty());
    }
}

#[tokio::test]
async fn a_change_that_meets_a_proxy_or_passing_trouble_goes_on_waiting() {
    for fault in [
        Fault::status(401),
        Fault::status(407),
        Fault::status(408),
        Fault::status(425),
        Fault::status(429),
        Fault::html(403),
        Fault::html(404),
        // Cloudflare, a proxy without a label, an ingress, AWS WAF.
        Fault::status(403)
            .header("content-type", "text/plain; charset=UTF-8")
            .body("error code: 1020"),
        Fault::status(403)
            .header("content-type", "application/xhtml+xml")
            .body("<html></html>"),
        Fault::status(403).body("<!DOCTYPE html><html></html>"),
        Fault::status(404)
            .header("content-type", "text/plain")
            .body("default backend - 404"),
        Fault::status(405).header("x-amzn-waf-action", "captcha"),
        Fault::status(202).header("x-amzn-waf-action", "challenge"),
        Fault::status(400).body("<html></html>"),
        Fault::html(200),
    ] {
        let (world, session) = world().await;
        world.control().fault(Endpoint::Users, Fault::status(503));
        let id = queue(&session, json!({"a": 1})).await;
        world.control().fault(Endpoint::Users, fault.clone().for_ever());
        let _ = session.flush_metadata_updates().await;
        assert_eq!(waiting(&session), [id], "{fault:?}");
        world.control().clear_faults(Endpoint::Users);
        session.flush_metadata_updates().await.unwrap();
        assert_eq!(kept(&world), json!({"a": 1}), "{fault:?}");
    }
}

/// The user is left out of the answer, or cannot be read: the status says that the change was made.
#[tokio::test]
async fn a_change_that_was_made_does_not_wait_for_a_readable_answer() {
    for answer in [
        Fault::status(204).after_processing(),
        Fault::status(200).after_processing(),
        Fault::answer(json!({"deep": deep(150)})),
    ] {
        let (world, session) = world().await;
        world.control().fault(Endpoint::Users, Fault::status(503));
        let id = queue(&session, json!({"a": 1})).await;
        let mut events = events(&session);
        world.control().fault(Endpoint::Users, answer.clone());
        let report = session.flush_metadata_updates().await.unwrap();
        assert_eq!((report.applied, report.waiting), (vec![id], 0), "{answer:?}");
        assert!(
            events.take().contains(&SessionEvent::MetadataUpdateSent { id }),
            "{answer:?}"
        );
        world.control().fault(Endpoint::Users, answer.clone());
        let outcome = session.update_metadata_or_queue(object(json!({"b": 2}))).await.unwrap();
        let metadata = object(json!({"a": 1, "b": 2}));
        assert_eq!(
            outcome,
            UpdateOutcome::Done {
                metadata: Claims(metadata)
            },
            "{answer:?}"
        );
    }
}

/// It would get the same answer at any time, and hold up all others. The app is notified, because the change may have been made.
#[tokio::test]
async fn a_change_whose_answers_are_too_large_is_dropped_after_three() {
    let (world, session) = world().await;
    world.control().fault(Endpoint::Users, Fault::status(503));
    let id = queue(&session, json!({"a": 1})).await;
    for attempt in 1..=3 {
        world
            .control()
            .fault(Endpoint::Users, Fault::huge_body(2 * 1024 * 1024).after_processing());
        let report = session.flush_metadata_updates().await.unwrap();
        assert_eq!(report.waiting, u32::from(attempt < 3));
        assert_eq!(
            report.dropped.iter().map(|dropped| dropped.id).collect::<Vec<_>>(),
            [id][..usize::from(attempt == 3)]
        );
    }
    session.fetch_metadata(&[]).await.unwrap();
}

#[tokio::test]
async fn a_change_that_could_not_be_read_again_is_refused_before_it_is_sent() {
    let (world, session) = world().await;
    let asked = world.control().seen(Endpoint::Users);
    for levels in [100, 101, 120] {
        let changes = object(json!({"a": deep(levels)}));
        session.update_metadata_or_queue(changes.clone()).await.unwrap_err();
        session.update_metadata(changes).await.unwrap_err();
    }
    assert_eq!(world.control().seen(Endpoint::Users), asked);
    session.update_metadata(object(json!({"a": deep(99)}))).await.unwrap();
    session.fetch_metadata(&[]).await.unwrap();
}

fn deep(levels: usize) -> Value {
    (0..levels).fold(json!(1), |inside, _| json!({ "a": inside }))
}

/// Nor to the same user who has signed out meanwhile.
#[tokio::test]
async fn what_was_refused_of_one_user_is_not_reported_to_the_next() {
    for (signs_out, next) in [(true, GRACE), (false, GRACE), (true, ADA)] {
        let (world, session) = world().await;
        world.control().fault(Endpoint::Users, Fault::status(503));
        queue(&session, json!({"a": 1})).await;
        world.control().fault(Endpoint::Users, Fault::status(400));
        session.profile(true).await.unwrap();
        until_nothing_waits(&session).await;
        if signs_out {
            session.sign_out().await;
        }
        world.sign_in(&session, next).await;
        assert_eq!(session.flush_metadata_updates().await.unwrap().dropped, []);
    }
}

/// Each answer of the issuer is an opportunity to send waiting changes, but not right after the last attempt.
#[tokio::test]
async fn what_the_server_cannot_take_now_is_not_sent_with_every_other_answer() {
    let (world, session) = world().await;
    world.control().fault(Endpoint::Users, Fault::status(503).for_ever());
    queue(&session, json!({"a": 1})).await;
    let asked = world.control().seen(Endpoint::Users);
    for _ in 0..20 {
        session.profile(true).await.unwrap();
        session.access_token(forced()).await.unwrap();
    }
    until("it was tried", || world.control().seen(Endpoint::Users) > asked).await;
    assert_eq!(world.control().seen(Endpoint::Users), asked + 1);
    world.control().clear_faults(Endpoint::Users);
    world.clock.advance(31);
    session.profile(true).await.unwrap();
    until_nothing_waits(&session).await;
    assert_eq!(kept(&world), json!({"a": 1}));
}

/// Several triggers come at the same moment; the first attempt serves all of them.
#[tokio::test]
async fn several_chances_at_once_are_one_attempt() {
    let (world, session) = world().await;
    world.control().fault(Endpoint::Users, Fault::status(503).for_ever());
    queue(&session, json!({"a": 1})).await;
    let asked = world.control().seen(Endpoint::Users);
    for restored in join_all((0..8).map(|_| session.restore())).await {
        restored.unwrap();
    }
    until("it was tried", || world.control().seen(Endpoint::Users) > asked).await;
    session.profile(true).await.unwrap();
    assert_eq!(world.control().seen(Endpoint::Users), asked + 1);
}
