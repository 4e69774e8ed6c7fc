//! The counters and measurements of a session, which contain nothing that identifies a user.

use std::time::Duration;

use pilotlight_core::ffi::SessionError;
use pilotlight_core::session::{MeasuredResult, Measurement, Operation, SessionCounters};
use pilotlight_identity_server::{Endpoint, Fault};
use tokio::sync::mpsc::Receiver;

use crate::world::{ADA, World, at_least, forced};

/// The measurements so far.
fn taken(measured: &mut Receiver<Measurement>) -> Vec<Measurement> {
    std::iter::from_fn(|| measured.try_recv().ok()).collect()
}

fn results_of_renewals(measured: &[Measurement]) -> Vec<(MeasuredResult, u32)> {
    let renewal = |one: &Measurement| match one.operation {
        Operation::Renewal { attempts, .. } => Some((one.result, attempts)),
        _ => None,
    };
    measured.iter().filter_map(renewal).collect()
}

fn requests(measured: &[Measurement]) -> Vec<(String, Option<u16>)> {
    let request = |one: &Measurement| match one.operation {
        Operation::Request { endpoint, status } => Some((endpoint.to_string(), status)),
        _ => None,
    };
    measured.iter().filter_map(request).collect()
}

#[tokio::test]
async fn a_renewal_is_measured_with_its_requests_and_a_token_from_memory_is_counted() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let mut measured = session.subscribe_to_measurements();
    let before = session.counters();
    session.access_token(forced()).await.unwrap();
    session.access_token(at_least(0)).await.unwrap();
    let measured = taken(&mut measured);
    assert_eq!(requests(&measured), [("token endpoint".to_owned(), Some(200))]);
    assert_eq!(results_of_renewals(&measured), [(MeasuredResult::Succeeded, 1)]);
    let after = session.counters();
    let expected = SessionCounters {
        renewals: before.renewals + 1,
        requests: before.requests + 1,
        tokens_from_memory: before.tokens_from_memory + 1,
        ..before
    };
    assert_eq!(after, expected);
}

#[tokio::test]
async fn everybody_who_listens_gets_all_of_it() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let mut first = session.subscribe_to_measurements();
    let gone = session.subscribe_to_measurements();
    drop(gone);
    let mut second = session.subscribe_to_measurements();
    for _ in 0..2 {
        session.access_token(forced()).await.unwrap();
        for measured in [&mut first, &mut second] {
            assert_eq!(results_of_renewals(&taken(measured)), [(MeasuredResult::Succeeded, 1)]);
        }
    }
    assert_eq!(session.counters().lost_measurements, 0);
}

#[tokio::test]
async fn passing_trouble_is_one_renewal_with_its_attempts_and_retries() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let mut measured = session.subscribe_to_measurements();
    let before = session.counters();
    world.control().fault(Endpoint::Token, Fault::status(503).for_ever());
    session.access_token(forced()).await.unwrap_err();
    let failed = taken(&mut measured);
    assert_eq!(results_of_renewals(&failed), [(MeasuredResult::IssuerFailed, 3)]);
    assert_eq!(requests(&failed).len(), 3);
    let renewal = failed.last().unwrap();
    assert!(renewal.duration > Duration::ZERO, "pauses are part of it: {renewal:?}");
    // Nothing is sent during the cooldown, so nothing is measured.
    session.access_token(forced()).await.unwrap_err();
    assert_eq!(taken(&mut measured), []);
    let after = session.counters();
    assert_eq!(after.retries - before.retries, 2);
    assert_eq!(after.failed_renewals - before.failed_renewals, 1);
}

#[tokio::test]
async fn an_answer_that_was_lost_is_a_request_without_status_and_a_retry() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let mut measured = session.subscribe_to_measurements();
    let before = session.counters();
    world.control().fault(Endpoint::Token, Fault::reset());
    session.access_token(forced()).await.unwrap();
    let lost = [
        ("token endpoint".to_owned(), None),
        ("token endpoint".to_owned(), Some(200)),
    ];
    assert_eq!(requests(&taken(&mut measured)), lost);
    let after = session.counters();
    assert_eq!(after.retries - before.retries, 1);
    assert_eq!(after.unanswered_requests - before.unanswered_requests, 1);
}

#[tokio::test]
async fn who_waits_for_the_renewal_of_another_is_measured() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let mut measured = session.subscribe_to_measurements();
    let before = session.counters();
    world.control().fault(Endpoint::Token, Fault::hold());
    let release = async {
        world.control().wait_for_held(Endpoint::Token, 1).await;
        // All three callers are there: the others have joined the renewal by now, or join it as soon as they run.
        tokio::task::yield_now().await;
        world.control().release(Endpoint::Token);
    };
    let renew = || session.access_token(forced());
    let (one, two, three, ()) = tokio::join!(renew(), renew(), renew(), release);
    assert!(one.is_ok() && two.is_ok() && three.is_ok());
    let waits = |one: &&Measurement| one.operation == Operation::SharedRenewal;
    let measured = taken(&mut measured);
    assert_eq!(measured.iter().filter(waits).count(), 2);
    assert_eq!(session.counters().shared_renewals - before.shared_renewals, 2);
    assert_eq!(results_of_renewals(&measured).len(), 1);
}

#[tokio::test]
async fn nothing_that_is_measured_names_anybody() {
    let world = World::new().await;
    let session = world.session();
    let mut measured = session.subscribe_to_measurements();
    world.sign_in(&session, ADA).await;
    session.profile(true).await.unwrap();
    session.access_token(forced()).await.unwrap();
    world
        .control()
        .fault(Endpoint::Token, Fault::oauth_error(400, "invalid_grant", ADA));
    let ended = session.access_token(forced()).await.unwrap_err();
    assert!(matches!(SessionError::from(ended), SessionError::SignIn { .. }));
    let words = format!("{:?}", taken(&mut measured));
    assert!(words.contains("userinfo"), "{words}");
    let host = world.server.domain().to_owned();
    for name in [ADA, &host, "http", "native-app", "127.0.0.1"] {
        assert!(!words.contains(name), "{name} in {words}");
    }
}
