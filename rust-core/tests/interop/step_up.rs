//! Step-up (RFC 9470) at a real provider.

use std::collections::HashMap;

use pilotlight_core::protocol::challenge::AuthenticationRequirement;
use pilotlight_core::session::StepUpOptions;
use pilotlight_test_browser::ServerKind;

use crate::support::{NEW, REDIRECT_URI, World, claims_of, five_minutes, parameter};

fn to(acr_values: &[&str], max_age_seconds: Option<u32>) -> StepUpOptions {
    StepUpOptions {
        requirement: AuthenticationRequirement {
            acr_values: acr_values.iter().map(|class| (*class).to_owned()).collect(),
            max_age_seconds,
        },
        parameters: HashMap::new(),
    }
}

/// The provider supports `claims`, so the class is requested as essential, and it asks the user again.
#[tokio::test]
async fn the_user_authenticates_once_more_and_the_session_goes_on() {
    let world = World::start(ServerKind::OidcProvider, five_minutes()).await;
    let app = world.launch();
    world.sign_in(&app).await;
    let before = world.stored().unwrap();
    assert_eq!(
        claims_of(before.credentials.id_token.as_ref().unwrap().expose()).get("acr"),
        None
    );
    for options in [to(&["urn:example:second-factor"], None), to(&[], Some(0))] {
        let begun = app.session.begin_step_up(options).await.unwrap();
        let asks_for_class = parameter(&begun.url, "claims").is_some();
        assert_eq!(
            parameter(&begun.url, "acr_values"),
            None,
            "it would take the place of the essential claim"
        );
        let callback = world.browser.sign_in(&begun.url, REDIRECT_URI).await.unwrap();
        app.session.complete_sign_in(&callback).await.unwrap();
        let stored = world.stored().unwrap();
        let claims = claims_of(stored.credentials.id_token.as_ref().unwrap().expose());
        if asks_for_class {
            assert_eq!(claims["acr"], "urn:example:second-factor");
        } else {
            assert!(stored.authenticated_at.is_some());
        }
        assert_eq!(stored.sign_in_id, before.sign_in_id, "the same session");
        app.session.access_token(NEW).await.unwrap();
    }
}
