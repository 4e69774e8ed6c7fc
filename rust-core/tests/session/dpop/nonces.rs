//! Nonces: separate for each server, updated from its answers, and requested only once.

use std::time::Duration;

use pilotlight_core::ffi::{RetryReason, SessionError};
use pilotlight_identity_server::{Dpop, Endpoint, Fault};

use super::{assert_all_is_well, bound, required, world, world_with};
use crate::sharing::assert_no_token_was_spent_twice;
use crate::world::{ADA, assert_renews, forced, is_signed_in, public};

#[tokio::test]
async fn a_nonce_is_taken_from_the_answer_that_asks_for_it_and_from_every_other() {
    let world = world_with(|settings| {
        settings.dpop = Dpop::Required;
        settings.dpop_nonce_lifetime = Some(60);
    })
    .await;
    let session = bound(&world).await;
    assert_eq!(
        world.control().seen(Endpoint::Token),
        2,
        "once without, and once with the nonce"
    );
    assert_all_is_well(&world, &session).await;
    assert_eq!(
        world.control().seen(Endpoint::Token),
        3,
        "the next answer had brought the next"
    );
    assert_eq!(world.control().seen(Endpoint::Userinfo), 1);
}

#[tokio::test]
async fn a_nonce_that_is_over_costs_one_request_more() {
    let world = world_with(|settings| settings.dpop_nonce_lifetime = Some(60)).await;
    let session = bound(&world).await;
    for endpoint in [Endpoint::Token, Endpoint::Userinfo, Endpoint::Users] {
        world.control().advance(Duration::from_secs(120));
        let before = world.control().seen(endpoint);
        match endpoint {
            Endpoint::Token => drop(assert_renews(&session).await),
            Endpoint::Userinfo => drop(session.profile(true).await.unwrap()),
            _ => drop(session.fetch_metadata(&[]).await.unwrap()),
        }
        assert_eq!(world.control().seen(endpoint) - before, 2, "{endpoint:?}");
    }
    let counters = world.control().counters();
    assert_eq!(counters.refresh_grants_honoured, 1, "nothing else was renewed for it");
    assert_no_token_was_spent_twice(&world);
}

/// The server did not look at the refresh token, so it is not spent, and the answer is not its refusal.
#[tokio::test]
async fn a_server_that_is_never_content_ends_nothing_and_is_not_asked_on_and_on() {
    let world = world().await;
    let session = bound(&world).await;
    let wants = Fault::oauth_error(400, "use_dpop_nonce", "Another one.").header("dpop-nonce", "n");
    for _ in 0..4 {
        let before = world.control().seen(Endpoint::Token);
        let error = world.renewal_that_meets(wants.clone(), &session).await;
        assert!(
            matches!(&error, SessionError::RetryLater { reason, .. } if *reason == RetryReason::UnexpectedAnswer),
            "{error:?}"
        );
        assert_eq!(world.control().seen(Endpoint::Token) - before, 2);
    }
    assert!(is_signed_in(&session));
    assert_renews(&session).await;
    assert_no_token_was_spent_twice(&world);
}

#[tokio::test]
async fn a_lost_answer_to_the_request_with_the_nonce_is_asked_for_again() {
    let world = world_with(|settings| {
        settings.dpop_nonce_lifetime = Some(60);
        settings.leeway = 30;
    })
    .await;
    let session = bound(&world).await;
    world.control().advance(Duration::from_secs(120));
    world
        .control()
        .fault(Endpoint::Token, Fault::reset().after_processing().skip(1));
    assert_renews(&session).await;
    assert_renews(&session).await;
    assert_eq!(world.control().counters().families_killed, 0);
}

/// `iat` follows the server's clock, which the first refusal shows.
#[tokio::test]
async fn a_wrong_clock_of_the_device_costs_one_request_more_at_most() {
    for off in [-40 * 365 * 86_400, -3600, 3600, 5 * 365 * 86_400] {
        let world = world_with(|settings| settings.dpop = Dpop::Required).await;
        world.clock.set_wall(off);
        let session = world.session_with(required(&world));
        world.sign_in(&session, ADA).await;
        assert!(world.control().seen(Endpoint::Token) <= 2);
        assert_all_is_well(&world, &session).await;
        let restarted = world.session_with(required(&world));
        restarted.restore().await.unwrap();
        restarted.access_token(forced()).await.unwrap();
        assert_no_token_was_spent_twice(&world);
    }
}

#[tokio::test]
async fn a_nonce_of_odd_bytes_is_ignored() {
    let world = world().await;
    let session = bound(&world).await;
    let odd = Fault::oauth_error(400, "use_dpop_nonce", "Odd.").header("dpop-nonce", "a b\"c");
    let error = world.renewal_that_meets(odd, &session).await;
    assert!(matches!(error, SessionError::RetryLater { .. }), "{error:?}");
    let no = Fault::oauth_error(400, "use_dpop_nonce", "None.");
    world.control().fault(Endpoint::Token, no);
    assert!(matches!(
        public(session.access_token(forced()).await),
        SessionError::RetryLater { .. }
    ));
    world.cooldown();
    assert_renews(&session).await;
}
