//! Changes made by another process are announced when this process sees them.

use pilotlight_identity_server::{Endpoint, Fault};

use crate::audiences::{API, api};
use crate::meddling::Overtaken;
use crate::reports::events;
use crate::sharing::app_and_extension;
use crate::world::{ADA, GRACE, World, at_least, disk_full, forced};

#[tokio::test]
async fn the_other_process_is_notified_of_it_once() {
    let (world, app, extension, _folder) = app_and_extension().await;
    world.control().change(|s| s.multi_resource_refresh = true);
    let mut events = events(&extension);
    let looks = async |_: &str| {
        extension.restore().await.unwrap();
        extension.restore().await.unwrap();
    };
    app.access_token(forced()).await.unwrap();
    looks("renewed").await;
    assert_eq!(events.announced(), ["renewed own elsewhere"]);
    app.access_token_for(&api(), at_least(60)).await.unwrap();
    app.profile(true).await.unwrap();
    looks("audience and profile").await;
    assert_eq!(
        events.announced(),
        [format!("renewed {API} elsewhere"), "profile".to_owned()]
    );
    app.profile(true).await.unwrap();
    looks("the same profile").await;
    assert!(events.announced().is_empty());
    app.access_token(forced()).await.unwrap();
    looks("renewed again, with the same token for the audience").await;
    assert_eq!(events.announced(), ["renewed own elsewhere"]);
    app.sign_out().await;
    looks("signed out").await;
    assert_eq!(events.announced(), ["signed out elsewhere"]);
    world.sign_in(&app, GRACE).await;
    looks("signed in").await;
    assert_eq!(events.announced(), ["auth0|grace by Elsewhere"]);
    world.sign_in(&app, ADA).await;
    looks("signed in again").await;
    assert_eq!(events.announced(), ["auth0|ada by Elsewhere"]);
    world.control().revoke_user(ADA);
    app.access_token(forced()).await.unwrap_err();
    looks("ended").await;
    assert_eq!(events.announced(), ["ended: RefreshTokenRejected"]);
}

#[tokio::test]
async fn a_renewal_that_another_process_had_made_is_announced_as_the_others() {
    let (world, app, extension, _folder) = app_and_extension().await;
    let (mut here, mut there) = (events(&app), events(&extension));
    world.clock.advance(86_400);
    let (one, other) = tokio::join!(app.access_token(at_least(60)), extension.access_token(at_least(60)));
    assert!(one.is_ok() && other.is_ok());
    let mut announced = [here.announced(), there.announced()].concat();
    announced.sort();
    assert_eq!(announced, ["renewed own", "renewed own elsewhere"]);
}

/// This process's renewal could not be stored, and the other process renewed with the same refresh token. Its tokens
/// are the later ones, and a renewal that nobody else could see is not announced.
#[tokio::test]
async fn a_renewal_that_was_never_stored_is_not_announced_once_the_other_process_has_renewed() {
    let (world, app, extension, _folder) = app_and_extension().await;
    world.control().change(|settings| settings.leeway = 60);
    let mut events = events(&app);
    let renewal = app.access_token(forced());
    world
        .while_the_store_begins_to_fail(disk_full(), renewal)
        .await
        .unwrap_err();
    assert_eq!(events.announced(), ["not renewed own: storage"]);
    world.store.fail_writes(None);
    world.clock.advance(1);
    extension.access_token(forced()).await.unwrap();
    app.restore().await.unwrap();
    app.restore().await.unwrap();
    assert_eq!(events.announced(), ["renewed own elsewhere"]);
}

/// This process got a refusal for a token that the other process had already renewed: nothing has ended.
#[tokio::test]
async fn an_end_that_was_none_is_not_announced() {
    let world = World::new().await;
    let app = world.signed_in().await;
    let overtaken = Overtaken::by(&app);
    let extension = world.session_over(world.configuration(), overtaken.clone());
    extension.restore().await.unwrap();
    let mut events = events(&extension);
    overtaken.at_the_next_renewal();
    extension.access_token(forced()).await.unwrap();
    assert_eq!(events.announced(), ["renewed own elsewhere", "renewed own"]);
}

/// When a renewal, or an end, is to be written, another process's later renewal is found. Then there was no renewal
/// here, nor an end.
#[tokio::test]
async fn what_is_overtaken_at_the_store_is_not_announced() {
    for is_refused in [false, true] {
        let (world, _app, extension, _folder) = app_and_extension().await;
        let mut events = events(&extension);
        if is_refused {
            let refusal = Fault::oauth_error(403, "invalid_grant", "Unknown or invalid refresh token.");
            world.control().fault(Endpoint::Token, refusal);
        }
        let (writes, gate) = (world.store.counts().1, world.store.gate.lock().await);
        let renewing = tokio::spawn({
            let extension = extension.clone();
            async move { extension.access_token(forced()).await }
        });
        world.store.wait_for_write(writes).await;
        // The first write proves that the store is writable.
        let gate = world.store.let_one_through(gate).await;
        world.store.wait_for_write(writes + 1).await;
        let (name, mut stored) = (world.store.items().into_keys().next().unwrap(), world.stored().unwrap());
        stored["sequence"] = 7_000_000.into();
        stored["credentials"]["access_token"] = "a later one".into();
        world.store.put(&name, stored.to_string().as_bytes());
        drop(gate);
        renewing.await.unwrap().unwrap();
        let mut announced = vec!["renewed own elsewhere"];
        // A caller that insists on its own renewal gets one.
        announced.extend(is_refused.then_some("renewed own"));
        assert_eq!(events.announced(), announced);
    }
}
