//! Metadata changes that the server refuses permanently are dropped and announced, and block no others.

use futures_util::future::join_all;
use pilotlight_core::machine::event::SessionEvent;
use pilotlight_identity_server::{Endpoint, Fault};
use serde_json::json;

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

/// Nor to the same user if they have signed out meanwhile.
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
