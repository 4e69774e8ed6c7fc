//! An endpoint that refuses every token, fresh ones too, costs one renewal and then none for a while.

use pilotlight_identity_server::{Endpoint, Fault};
use serde_json::json;

use crate::world::World;

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

            // The session goes on, and when the endpoint is well again nothing is left of it.
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
