//! An endpoint that refuses every token, even new ones, causes one renewal and then none for a while.

use std::time::Duration;

use pilotlight_core::model::secret::Secret;
use pilotlight_identity_server::{Endpoint, Fault};
use serde_json::json;

use crate::world::{GRACE, World, cached, forced};

#[tokio::test]
async fn an_endpoint_that_refuses_every_token_does_not_cost_one_renewal_for_each_call() {
    for refusal in [
        Fault::json(403, &json!({})),
        Fault::status(403),
        Fault::html(403),
        Fault::status(401),
        Fault::oauth_error(400, "invalid_token", ""),
    ] {
        for endpoint in [Endpoint::Userinfo, Endpoint::Users] {
            let world = World::new().await;
            let session = world.signed_in().await;
            let call = async || match endpoint {
                Endpoint::Users => session.fetch_metadata(&[]).await.is_ok(),
                _ => session.profile(true).await.is_ok(),
            };
            world.control().fault(endpoint, refusal.clone().for_ever());
            for _ in 0..10 {
                assert!(!call().await);
            }
            assert_eq!(world.refresh_grants(), 1, "{refusal:?} {endpoint:?}");
            world.clock.advance(31);
            for _ in 0..10 {
                assert!(!call().await);
            }
            assert_eq!(world.refresh_grants(), 2, "{refusal:?} {endpoint:?}");

            // The session continues, and when the endpoint works again, nothing remains of the failure.
            world.control().clear_faults(endpoint);
            assert!(call().await);
            world.clock.advance(3600);
            world.control().fault(endpoint, refusal.clone());
            assert!(call().await);
            world.control().fault(endpoint, refusal.clone());
            assert!(call().await, "renewed once more");
        }
    }
}

/// The app's own requests, which another client sends.
#[tokio::test]
async fn an_api_of_the_apps_that_refuses_every_token_costs_one_renewal_and_then_none_for_a_while() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let (api, other) = ("https://api.example.com", "https://other.example.com");
    let refuse = async |api: &str| {
        let token = Secret::new(cached(&session).unwrap());
        let other = session
            .replace_refused_token(token.clone(), api, None, Duration::ZERO)
            .await;
        let other = other.unwrap();
        assert_ne!(other.as_ref(), Some(&token));
        other
    };
    for (renewals, seconds) in [(1, 31), (2, 61), (3, 121)] {
        for _ in 0..10 {
            if refuse(api).await.is_some() {
                session.note_replaced_token(api.to_owned(), true);
            }
        }
        assert_eq!(world.refresh_grants(), renewals);
        world.clock.advance(seconds);
    }
    // Other APIs are not affected.
    session.note_replaced_token(api.to_owned(), true);
    assert_eq!(refuse(api).await, None);
    assert!(refuse(other).await.is_some());
    assert_eq!(world.refresh_grants(), 4);

    // The token of another renewal costs nothing, and if it is accepted, nothing remains of the failure.
    let refused = Secret::new(cached(&session).unwrap());
    let newer = session.access_token(forced()).await.unwrap();
    let given = session.replace_refused_token(refused, api, None, Duration::ZERO).await;
    assert_eq!(given.unwrap(), Some(newer));
    session.note_replaced_token(api.to_owned(), false);
    assert!(refuse(api).await.is_some());
}

#[tokio::test]
async fn what_was_refused_of_one_user_says_nothing_about_the_next() {
    let world = World::new().await;
    let session = world.signed_in().await;
    world.control().fault(Endpoint::Userinfo, Fault::status(401).times(2));
    session.profile(true).await.unwrap_err();
    let api = "https://api.example.com";
    session.note_replaced_token(api.to_owned(), true);

    world.sign_in(&session, GRACE).await;
    world.control().fault(Endpoint::Userinfo, Fault::status(401));
    session.profile(true).await.unwrap();
    let refused = Secret::new(cached(&session).unwrap());
    let other = session.replace_refused_token(refused, api, None, Duration::ZERO).await;
    assert!(other.unwrap().is_some());
}
