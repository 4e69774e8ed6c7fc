//! Nothing is announced if it is not stored or was overtaken.

use pilotlight_core::session::SessionManager;
use pilotlight_identity_server::{Account, Endpoint, Fault};
use serde_json::json;

use super::listening;
use crate::audiences::{API, api};
use crate::reports::events;
use crate::world::{ADA, GRACE, World, at_least, disk_full, forced};

/// Runs `call` with the store held back: nothing is announced before it is released, and `announced` afterwards.
async fn assert_announced_when_stored<T: Send + 'static>(
    world: &World,
    session: &SessionManager,
    call: impl Future<Output = T> + Send + 'static,
    announced: &[&str],
) {
    let mut events = events(session);
    let (writes, gate) = (world.store.counts().1, world.store.gate.lock().await);
    let calling = tokio::spawn(call);
    world.store.wait_for_write(writes).await;
    session.restore().await.unwrap();
    assert!(events.announced().is_empty(), "nothing yet");
    drop(gate);
    calling.await.unwrap();
    assert_eq!(events.announced(), announced);
}

#[tokio::test]
async fn every_event_comes_after_the_write() {
    let world = World::new().await;
    let session = world.session();
    session.restore().await.unwrap();
    let callback = world.callback(&session, ADA).await;
    let call = |session: &SessionManager| session.clone();
    let this = call(&session);
    let sign_in = async move { this.complete_sign_in(&callback).await };
    assert_announced_when_stored(&world, &session, sign_in, &["auth0|ada by Browser"]).await;
    let this = call(&session);
    let renew = async move { this.access_token(forced()).await };
    assert_announced_when_stored(&world, &session, renew, &["renewed own"]).await;
    let this = call(&session);
    let profile = async move { this.profile(true).await };
    assert_announced_when_stored(&world, &session, profile, &["profile"]).await;
    world.control().revoke_user(ADA);
    let this = call(&session);
    let end = async move { this.access_token(forced()).await };
    assert_announced_when_stored(&world, &session, end, &["ended: RefreshTokenRejected"]).await;
    let this = call(&session);
    let sign_out = async move { this.sign_out().await };
    assert_announced_when_stored(&world, &session, sign_out, &["signed out"]).await;
}

#[tokio::test]
async fn tokens_that_could_not_be_stored_are_announced_when_they_are() {
    let (world, session, mut events) = listening().await;
    let renewal = session.access_token(forced());
    let outcome = world.while_the_store_begins_to_fail(disk_full(), renewal).await;
    outcome.unwrap_err();
    assert_eq!(events.announced(), ["not renewed own: storage"]);
    session.profile(true).await.unwrap();
    assert!(events.announced().is_empty());
    world.control().change(|s| s.multi_resource_refresh = true);
    session.access_token_for(&api(), at_least(60)).await.unwrap_err();
    // Nothing further is renewed while the last renewal cannot be stored.
    session.access_token(forced()).await.unwrap_err();
    let change = |ada: &mut Account| drop(ada.claims.insert("name".to_owned(), json!("Ada King")));
    world.control().change_account(ADA, change);
    session.profile(true).await.unwrap();
    let storage = |of: &str| format!("not renewed {of}: storage");
    assert_eq!(events.announced(), [storage(API), storage("own")]);
    world.store.fail_writes(None);
    session.restore().await.unwrap();
    assert_eq!(events.announced(), ["renewed own", "profile"]);
}

#[tokio::test]
async fn a_sign_in_that_was_never_stored_is_never_announced_and_a_sign_out_always() {
    let world = World::new().await;
    let session = world.session();
    let mut events = events(&session);
    let callback = world.callback(&session, ADA).await;
    world.store.fail_writes(Some(disk_full()));
    session.complete_sign_in(&callback).await.unwrap_err();
    assert!(events.announced().is_empty());
    session.sign_out().await;
    assert_eq!(events.announced(), ["signed out"]);
    let callback = world.callback(&session, GRACE).await;
    world.store.fail_writes(None);
    session.complete_sign_in(&callback).await.unwrap();
    assert_eq!(events.announced(), ["auth0|grace by Browser"]);
}

#[tokio::test]
async fn a_renewal_that_is_overtaken_is_not_announced_whether_it_succeeds_or_not() {
    let hold = Fault::hold;
    for faults in [
        vec![hold().after_processing()],
        vec![hold()],
        vec![hold(), Fault::html(200)],
    ] {
        for signs_in in [false, true] {
            let (world, session, mut events) = listening().await;
            for fault in faults.clone() {
                world.control().fault(Endpoint::Token, fault);
            }
            let renewing = tokio::spawn({
                let session = session.clone();
                async move { session.access_token(forced()).await }
            });
            world.control().wait_for_held(Endpoint::Token, 1).await;
            session.sign_out().await;
            if signs_in {
                world.sign_in(&session, GRACE).await;
            }
            world.control().release(Endpoint::Token);
            let _ = renewing.await.unwrap();
            let mut announced = vec!["signed out"];
            announced.extend(signs_in.then_some("auth0|grace by Browser"));
            assert_eq!(events.announced(), announced, "{faults:?}");
        }
    }
}
