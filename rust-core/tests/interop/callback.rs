//! Callback URLs that were tampered with or belong to another sign-in (RFC 6749 10.12, RFC 9207, RFC 7636).

use pilotlight_core::ffi::SessionError;
use pilotlight_core::session::SignInOptions;
use pilotlight_test_browser::ServerKind;
use url::Url;

use crate::support::{REDIRECT_URI, World, assert_restart, error_of, five_minutes, parameter, subject_of};

/// oidc-provider identifies itself in the callback and promises that in its discovery document.
#[tokio::test]
async fn a_callback_of_another_issuer_or_of_none_is_refused() {
    let world = World::start(ServerKind::OidcProvider, five_minutes()).await;
    let app = world.launch();
    for forged in [Some("http://127.0.0.1:1"), None] {
        let callback = world.callback(&app, SignInOptions::default()).await;
        assert_eq!(parameter(&callback, "iss").as_deref(), Some(world.server.issuer()));
        let forged = with_parameter(&callback, "iss", forged);
        assert_restart(error_of(app.session.complete_sign_in(&forged).await), "issuer_mismatch");
        assert_restart(
            error_of(app.session.complete_sign_in(&callback).await),
            "no_sign_in_in_progress",
        );
    }
    assert_eq!(app.tap.count(&world.endpoints.token), 0, "no code was given away");
    world.sign_in(&app).await;
}

/// A callback that does not belong to the sign-in in progress does not disturb it.
#[tokio::test]
async fn a_callback_of_another_sign_in_changes_nothing() {
    for kind in [ServerKind::OidcProvider, ServerKind::Django] {
        let world = World::start(kind, five_minutes()).await;
        let app = world.launch();
        let replaced = world.callback(&app, SignInOptions::default()).await;
        let callback = world.callback(&app, SignInOptions::default()).await;
        for stray in [replaced, with_parameter(&callback, "state", None)] {
            assert_restart(error_of(app.session.complete_sign_in(&stray).await), "state_mismatch");
        }
        let elsewhere = callback.replace(REDIRECT_URI, "com.example.pilotlight://elsewhere");
        let not_ours = error_of(app.session.complete_sign_in(&elsewhere).await);
        assert!(
            matches!(&not_ours, SessionError::FixArgument { argument, .. } if argument == "callback_url"),
            "{not_ours:?}"
        );
        assert_eq!(app.tap.count(&world.endpoints.token), 0, "{kind:?}");
        subject_of(app.session.complete_sign_in(&callback).await.ok());
    }
}

/// A code of another sign-in of the same user: the server checks the code verifier.
#[tokio::test]
async fn an_injected_code_is_refused_by_the_server() {
    for kind in [ServerKind::OidcProvider, ServerKind::Django] {
        let world = World::start(kind, five_minutes()).await;
        let (attacker, app) = (world.launch(), world.launch());
        let stolen = world.callback(&attacker, SignInOptions::default()).await;
        let callback = world.callback(&app, SignInOptions::default()).await;
        let injected = with_parameter(&callback, "code", parameter(&stolen, "code").as_deref());
        assert_restart(error_of(app.session.complete_sign_in(&injected).await), "invalid_grant");
        assert_eq!(world.stored(), None, "{kind:?}");
    }
}

/// The URL with another value for a parameter, or without it.
fn with_parameter(url: &str, name: &str, value: Option<&str>) -> String {
    let mut url = Url::parse(url).unwrap();
    let kept: Vec<(String, String)> = url.query_pairs().into_owned().filter(|(key, _)| key != name).collect();
    url.query_pairs_mut()
        .clear()
        .extend_pairs(kept)
        .extend_pairs(value.map(|value| (name, value)));
    url.into()
}
