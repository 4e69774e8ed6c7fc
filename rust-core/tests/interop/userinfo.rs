//! The profile, in the forms that servers send.

use pilotlight_core::ffi::SessionError;
use pilotlight_core::model::profile::Profile;
use pilotlight_core::model::time::Timestamp;
use pilotlight_test_browser::{ServerKind, ServerOptions};
use serde_json::json;

use crate::support::{App, World, claims_of, error_of, five_minutes, subject_of};

#[tokio::test]
async fn json_of_oidc_provider_and_of_django() {
    for kind in [ServerKind::OidcProvider, ServerKind::Django] {
        let world = World::start(kind, five_minutes()).await;
        let App { session, tap } = world.signed_in().await;
        assert_eq!(session.cached_profile(), None);
        let profile = session.profile(false).await.unwrap();
        assert_is_ada(&profile, &subject_of(session.state()));
        session.profile(false).await.unwrap();
        assert_eq!(tap.count(&world.endpoints.userinfo), 1, "cached from then on");
        session.profile(true).await.unwrap();
        assert_eq!(tap.count(&world.endpoints.userinfo), 2);

        let restarted = world.launch();
        restarted.session.restore().await.unwrap();
        assert_is_ada(&restarted.session.cached_profile().unwrap(), &profile.subject);
        assert_eq!(restarted.tap.total(), 0, "{kind:?}");
    }
}

#[tokio::test]
async fn a_signed_answer_is_verified_with_the_issuers_keys() {
    let options = ServerOptions {
        userinfo_jwt: true,
        ..five_minutes()
    };
    let world = World::start(ServerKind::OidcProvider, options).await;
    world.signed_in().await;
    let App { session, tap } = world.launch();
    let profile = session.profile(true).await.unwrap();
    assert_is_ada(&profile, "ada-1815");
    assert_eq!(tap.count(&world.endpoints.keys), 1);
    let unexpected: Vec<_> = profile
        .other_claims
        .0
        .keys()
        .filter(|name| *name != "https://example.com/roles")
        .collect();
    assert!(
        unexpected.is_empty(),
        "the envelope's claims are not the user's: {unexpected:?}"
    );
}

/// An access token for an API is not valid for userinfo; a new one is refused too, and the error says what to do.
#[tokio::test]
async fn an_access_token_for_another_api_is_refused_and_the_error_names_the_audience() {
    let options = ServerOptions {
        jwt_access_tokens: true,
        ..five_minutes()
    };
    let world = World::start(ServerKind::OidcProvider, options).await;
    let App { session, tap } = world.signed_in().await;
    let audience = session.with_cached_access_token(std::time::Duration::ZERO, |token| claims_of(token)["aud"].clone());
    assert_eq!(audience, Some(json!("https://api.example.com/")));
    let refused = error_of(session.profile(true).await);
    assert!(
        matches!(&refused, SessionError::FixConfiguration { field, .. } if field == "audience"),
        "{refused:?}"
    );
    assert_eq!(
        tap.count(&world.endpoints.userinfo),
        2,
        "once with a fresh token, to be sure"
    );
    assert_eq!(tap.count(&world.endpoints.token), 2);
    assert_eq!(subject_of(session.state()), "ada-1815");
    assert_eq!(session.cached_profile(), None);
}

fn assert_is_ada(profile: &Profile, subject: &str) {
    assert_eq!(profile.subject, subject);
    assert_eq!(profile.name.as_deref(), Some("Ada Lovelace"));
    assert_eq!(profile.email.as_deref(), Some("ada@example.com"));
    assert_eq!(profile.email_verified, Some(true));
    assert_eq!(profile.birthdate.as_deref(), Some("1815-12-10"));
    assert_eq!(profile.updated_at, Some(Timestamp(1_700_000_000)));
    let address = profile.address.clone().unwrap();
    assert_eq!(address.street_address.as_deref(), Some("12 St James’s Square"));
    assert_eq!(profile.other_claims.0["https://example.com/roles"], json!(["analyst"]));
    assert_eq!(profile.phone_number, None, "its scope was not asked for");
}
