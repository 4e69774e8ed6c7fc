//! Access tokens for several APIs with one refresh token, at a provider that implements RFC 8707.

use pilotlight_core::ffi::{SessionError, SignInReason};
use pilotlight_core::model::audience::Audience;
use pilotlight_core::model::configuration::SessionConfiguration;
use pilotlight_core::session::SignInOptions;
use pilotlight_test_browser::ServerKind;
use serde_json::json;

use crate::support::{ANY, App, NEW, World, claims_of, error_of, five_minutes, subject_of};

const API: &str = "https://api.example.com/";
const OTHER: &str = "https://other.example.com/";
const UNKNOWN: &str = "https://nowhere.example.com/";

fn with_resources(world: &World, resources: &[&str]) -> SessionConfiguration {
    let mut configuration = world.configuration();
    let scopes = ["read:reports", "read:all"].map(str::to_owned);
    configuration.scopes.extend(scopes);
    configuration.resources = resources.iter().map(|&resource| resource.to_owned()).collect();
    configuration
}

fn audience(identifier: &str, scope: &str) -> Audience {
    Audience::parse(identifier.to_owned(), vec![scope.to_owned()]).unwrap()
}

async fn signed_in(world: &World, configuration: SessionConfiguration) -> App {
    let app = world.launch_with(configuration);
    world.sign_in(&app).await;
    app
}

#[tokio::test]
async fn each_api_has_a_token_of_its_own_and_the_session_goes_on() {
    let world = World::start(ServerKind::OidcProvider, five_minutes()).await;
    let configuration = with_resources(&world, &[API, OTHER]);
    let App { session, .. } = signed_in(&world, configuration.clone()).await;
    let own = session.access_token(ANY).await.unwrap();
    for _ in 0..2 {
        for (identifier, scope) in [(API, "read:reports"), (OTHER, "read:all")] {
            let of = audience(identifier, scope);
            let token = session.access_token_for(&of, NEW).await.unwrap();
            let claims = claims_of(token.expose());
            assert_eq!((&claims["aud"], &claims["scope"]), (&json!(identifier), &json!(scope)));
            assert_eq!(session.access_token_for(&of, ANY).await.unwrap(), token);
        }
    }
    assert_eq!(session.access_token(ANY).await.unwrap(), own);
    // The session's own token is still valid for userinfo.
    session.profile(true).await.unwrap();
    assert_ne!(session.access_token(NEW).await.unwrap(), own);
    session.profile(true).await.unwrap();

    let App {
        session: restarted,
        tap,
    } = world.launch_with(configuration);
    restarted.restore().await.unwrap();
    let token = restarted
        .access_token_for(&audience(API, "read:reports"), ANY)
        .await
        .unwrap();
    assert_eq!(claims_of(token.expose())["aud"], API);
    assert_eq!(tap.total(), 0, "kept across launches");
}

/// oidc-provider rotates the refresh token before it looks at the resource, so its refusal would end the session.
#[tokio::test]
async fn an_api_that_the_sign_in_did_not_name_is_not_asked_for_and_the_session_goes_on() {
    let world = World::start(ServerKind::OidcProvider, five_minutes()).await;
    let App { session, tap } = signed_in(&world, with_resources(&world, &[API])).await;
    let asked = tap.count(&world.endpoints.token);
    let refused = error_of(session.access_token_for(&audience(OTHER, "read:all"), ANY).await);
    assert!(
        matches!(&refused, SessionError::FixConfiguration { field, .. } if field == "resources"),
        "{refused:?}"
    );
    assert_eq!(tap.count(&world.endpoints.token), asked);
    drop(session);

    let App { session, tap } = world.launch_with(with_resources(&world, &[API, OTHER]));
    session.restore().await.unwrap();
    let refused = error_of(session.access_token_for(&audience(OTHER, "read:all"), ANY).await);
    assert!(
        matches!(
            refused,
            SessionError::SignIn {
                reason: SignInReason::InteractionRequired,
                ..
            }
        ),
        "{refused:?}"
    );
    assert_eq!(tap.count(&world.endpoints.token), 0);
    session.access_token(NEW).await.unwrap();
    assert_eq!(subject_of(session.state()), "ada-1815");

    let app = App { session, tap };
    world.sign_in(&app).await;
    let token = app.session.access_token_for(&audience(OTHER, "read:all"), ANY).await;
    assert_eq!(claims_of(token.unwrap().expose())["aud"], OTHER);
}

#[tokio::test]
async fn a_resource_that_the_provider_does_not_know_is_a_mistake_in_the_configuration() {
    let world = World::start(ServerKind::OidcProvider, five_minutes()).await;
    let app = world.launch_with(with_resources(&world, &[UNKNOWN]));
    let begun = app.session.begin_sign_in(SignInOptions::default()).await.unwrap();
    assert!(begun.url.contains("resource=https%3A%2F%2Fnowhere.example.com%2F"));
    let callback = world.callback(&app, SignInOptions::default()).await;
    let refused = error_of(app.session.complete_sign_in(&callback).await);
    assert!(
        matches!(&refused, SessionError::FixConfiguration { field, message } if field == "audience" && message.contains("invalid_target")),
        "{refused:?}"
    );
}
