//! The profile and the metadata.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use pilotlight_core::ffi::{RetryReason, SessionError};
use pilotlight_core::model::metadata::parse_object;
use pilotlight_core::session::SessionManager;
use pilotlight_identity_server::{Endpoint, Fault, Options, UpdatedAt};
use serde_json::{Map, Value, json};

use crate::world::{ADA, World, assert_unexpected, cached, forced, is_signed_in, public};

fn object(value: Value) -> Map<String, Value> {
    parse_object("test", &value.to_string()).unwrap()
}

async fn metadata(session: &SessionManager, keys: &[&str]) -> Value {
    let keys: Vec<_> = keys.iter().map(|key| (*key).to_owned()).collect();
    Value::Object(session.fetch_metadata(&keys).await.unwrap())
}

#[tokio::test]
async fn a_profile_is_fetched_once_kept_across_launches_and_readable_offline() {
    let world = World::new().await;
    let session = world.signed_in().await;
    assert_eq!(session.cached_profile(), None);
    let profile = session.profile(false).await.unwrap();
    assert_eq!(profile.email.as_deref(), Some(ADA));
    assert!(profile.updated_at.is_some());
    assert_eq!(session.profile(false).await.unwrap(), profile);
    assert_eq!(world.control().seen(Endpoint::Userinfo), 1);

    world.control().go_offline().await.unwrap();
    let restarted = world.session();
    assert_eq!(restarted.profile(false).await.unwrap(), profile);
    assert!(matches!(
        public(restarted.profile(true).await),
        SessionError::RetryLater {
            reason: RetryReason::Network,
            ..
        }
    ));
    assert_eq!(restarted.cached_profile().as_deref(), Some(&profile));
}

#[tokio::test]
async fn the_profile_at_hand_is_not_copied_and_has_a_number() {
    let world = World::new().await;
    let session = world.signed_in().await;
    assert_eq!(session.cached_profile_version(), 0);
    session.profile(true).await.unwrap();
    let (first, number) = (session.cached_profile().unwrap(), session.cached_profile_version());
    assert!(Arc::ptr_eq(&first, &session.cached_profile().unwrap()));
    assert!(number != 0 && session.cached_profile_version() == number);
    session.access_token(forced()).await.unwrap();
    assert!(
        Arc::ptr_eq(&first, &session.cached_profile().unwrap()),
        "writing copies nothing"
    );
    assert_eq!(session.cached_profile_version(), number);
    session.profile(true).await.unwrap();
    let second = session.cached_profile_version();
    assert!(second != 0 && second != number);
    session.sign_out().await;
    assert_eq!(session.cached_profile_version(), 0);
    world.sign_in(&session, ADA).await;
    assert_eq!(session.cached_profile_version(), 0);
    session.profile(true).await.unwrap();
    assert!(![0, number, second].contains(&session.cached_profile_version()));
}

#[tokio::test]
async fn a_profile_comes_in_every_form_that_issuers_use() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let plain = session.profile(true).await.unwrap();
    world.control().change(|s| {
        s.userinfo_jwt = true;
        s.updated_at = UpdatedAt::Number;
        s.older_tenant_profile = true;
    });
    let signed = session.profile(true).await.unwrap();
    assert_eq!(
        (&signed.email, signed.updated_at, &signed.address),
        (&plain.email, plain.updated_at, &plain.address)
    );
    assert!(signed.other_claims.0.contains_key("identities"));
    assert!(!signed.other_claims.0.contains_key("iss") && !signed.other_claims.0.contains_key("aud"));
}

#[tokio::test]
async fn a_signed_profile_that_is_forged_or_meant_for_others_is_refused() {
    let world = World::with(Options::default().with(|s| s.userinfo_jwt = true)).await;
    let session = world.signed_in().await;
    let genuine = session.profile(true).await.unwrap();
    let forged = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhdXRoMHxhZGEifQ.";
    for fault in [
        Fault::status(200)
            .header("content-type", "application/jwt")
            .body(forged),
        Fault::status(200)
            .header("content-type", "application/jwt")
            .body("not a jwt"),
    ] {
        world.control().fault(Endpoint::Userinfo, fault);
        assert!(session.profile(true).await.is_err());
        assert_eq!(session.cached_profile().as_deref(), Some(&genuine));
    }
}

#[tokio::test]
async fn a_profile_of_somebody_else_is_refused() {
    let world = World::new().await;
    let session = world.signed_in().await;
    for claims in [
        json!({"sub": "auth0|somebody-else"}),
        json!({"sub": null}),
        json!({"sub": ""}),
    ] {
        world.control().fault(Endpoint::Userinfo, Fault::answer(claims));
        let error = public(session.profile(true).await);
        assert_unexpected(&error);
        assert_eq!(session.cached_profile(), None);
    }
}

#[tokio::test]
async fn a_profile_is_as_old_as_the_caller_allows() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let within = |seconds: u64, allow_stale| session.profile_within(Duration::from_secs(seconds), allow_stale);
    let first = within(60, false).await.unwrap();
    world.clock.advance(50);
    assert_eq!(within(60, false).await.unwrap(), first);
    assert_eq!(world.control().seen(Endpoint::Userinfo), 1);
    let second = within(50, false).await.unwrap();
    assert!(second.fetched_at > first.fetched_at);
    within(0, false).await.unwrap();
    assert_eq!(
        world.control().seen(Endpoint::Userinfo),
        3,
        "no age at all is always too old"
    );
    // A clock that was set back proves nothing.
    world.clock.set_wall(-1000);
    within(60, false).await.unwrap();
    assert_eq!(world.control().seen(Endpoint::Userinfo), 4);

    world.control().go_offline().await.unwrap();
    assert!(matches!(
        public(within(0, false).await),
        SessionError::RetryLater { .. }
    ));
    assert_eq!(
        Some(&within(0, true).await.unwrap()),
        session.cached_profile().as_deref()
    );
    session.sign_out().await;
    assert!(within(0, true).await.is_err());
}

#[tokio::test]
async fn however_many_ask_for_the_profile_one_request_is_sent() {
    let world = World::new().await;
    let session = world.signed_in().await;
    world.control().fault(Endpoint::Userinfo, Fault::hold());
    let mut first = Box::pin(session.profile(true));
    let mut second = Box::pin(session.profile(false));
    let mut third = Box::pin(session.profile_within(Duration::from_secs(9), false));
    assert!((&mut first).now_or_never().is_none());
    assert!((&mut second).now_or_never().is_none() && (&mut third).now_or_never().is_none());
    world.control().wait_for_held(Endpoint::Userinfo, 1).await;
    // The caller that began it need not wait.
    drop(first);
    world.control().release(Endpoint::Userinfo);
    assert_eq!(second.await.unwrap(), third.await.unwrap());
    assert_eq!(world.control().seen(Endpoint::Userinfo), 1);
    session.profile(true).await.unwrap();
    assert_eq!(
        world.control().seen(Endpoint::Userinfo),
        2,
        "the next one is fetched anew"
    );
}

/// The issuer can revoke an access token before it expires, which one renewal shows.
#[tokio::test]
async fn a_token_refused_before_its_time_is_renewed_once() {
    let world = World::with(Options::default().with(|s| s.refresh_ends_access_token = true)).await;
    let session = world.signed_in().await;
    let refused = cached(&session);
    world.control().fault(Endpoint::Userinfo, Fault::status(401));
    assert!(session.profile(true).await.is_ok());
    assert_ne!(cached(&session), refused);
    assert_eq!(world.refresh_grants(), 1);

    world.control().fault(Endpoint::Userinfo, Fault::status(401).times(2));
    assert!(matches!(
        public(session.profile(true).await),
        SessionError::FixConfiguration { field, .. } if field == "audience"
    ));
    assert_eq!(world.refresh_grants(), 2);
    assert!(is_signed_in(&session));
}

/// RFC 6750 3.1 defines one way to refuse a token, but servers have many.
#[tokio::test]
async fn a_token_refused_in_any_way_is_renewed_once() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let challenge = |status, error: &str| {
        Fault::status(status).header("www-authenticate", &format!("Bearer realm=\"x\", error=\"{error}\""))
    };
    for refusal in [
        Fault::status(403)
            .header("content-type", "text/html")
            .body("Bad_OAuth_Token"),
        Fault::status(403),
        Fault::json(403, &json!({})),
        Fault::oauth_error(403, "invalid_token", "expired"),
        Fault::oauth_error(400, "invalid_token", "expired"),
        challenge(400, "invalid_token"),
        challenge(403, "invalid_token"),
        challenge(401, "invalid_token"),
    ] {
        let renewals = world.refresh_grants();
        world.control().fault(Endpoint::Userinfo, refusal.clone());
        session.profile(true).await.unwrap();
        assert_eq!(world.refresh_grants(), renewals + 1, "{refusal:?}");
        world.control().fault(Endpoint::Users, refusal.clone());
        session.fetch_metadata(&[]).await.unwrap();
    }
    let renewals = world.refresh_grants();
    for refusal in [
        challenge(403, "insufficient_scope"),
        Fault::oauth_error(403, "insufficient_scope", ""),
        Fault::oauth_error(400, "invalid_request", ""),
    ] {
        world.control().fault(Endpoint::Userinfo, refusal);
        assert!(session.profile(true).await.is_err());
    }
    assert_eq!(world.refresh_grants(), renewals);
}

/// Two requests with the same refused token: the first one's renewal serves the second as well.
#[tokio::test]
async fn a_token_refused_twice_is_renewed_once() {
    let world = World::new().await;
    let session = world.signed_in().await;
    world.control().fault(Endpoint::Userinfo, Fault::status(401));
    world.control().fault(Endpoint::Userinfo, Fault::hold());
    let slow = tokio::spawn({
        let session = session.clone();
        async move { session.profile(true).await }
    });
    world.control().wait_for_held(Endpoint::Userinfo, 1).await;
    world.control().fault(Endpoint::Users, Fault::status(401));
    session.fetch_metadata(&[]).await.unwrap();
    assert_eq!(world.refresh_grants(), 1);
    world.control().release(Endpoint::Userinfo);
    slow.await.unwrap().unwrap();
    assert_eq!(world.refresh_grants(), 1);
}

#[tokio::test]
async fn metadata_is_read_merged_at_the_first_level_and_deleted_by_null() {
    let world = World::new().await;
    let session = world.signed_in().await;
    session.update_metadata(Map::new()).await.unwrap();
    let updated = session
        .update_metadata(object(json!({"first_name": "Ada", "n": {"a": 1, "b": [true, null]}})))
        .await
        .unwrap();
    assert_eq!(
        Value::Object(updated),
        json!({"first_name": "Ada", "n": {"a": 1, "b": [true, null]}})
    );
    session
        .update_metadata(object(json!({"n": {"c": 2.5}, "country": "UK"})))
        .await
        .unwrap();
    session
        .update_metadata(object(json!({"first_name": null})))
        .await
        .unwrap();
    assert_eq!(metadata(&session, &[]).await, json!({"n": {"c": 2.5}, "country": "UK"}));
    assert_eq!(
        metadata(&session, &["country", "absent"]).await,
        json!({"country": "UK"})
    );
    session.update_metadata(Map::new()).await.unwrap();
    assert_eq!(metadata(&session, &[]).await, json!({}));
}

#[tokio::test]
async fn a_user_is_read_whole_by_fields_or_without_them() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let whole = session.fetch_user(&[], true).await.unwrap();
    assert!(whole.contains_key("email") && whole.contains_key("user_metadata"));
    let only = session.fetch_user(&["email".to_owned()], true).await.unwrap();
    assert_eq!(only.keys().collect::<Vec<_>>(), ["email"]);
    let without = session.fetch_user(&["email".to_owned()], false).await.unwrap();
    assert!(!without.contains_key("email") && without.len() + 1 == whole.len());
}

#[tokio::test]
async fn a_token_for_another_audience_or_without_scopes_says_what_to_configure() {
    let world = World::new().await;
    let field_of = |error| match error {
        SessionError::FixConfiguration { field, .. } => field,
        other => panic!("{other:?}"),
    };
    let mut configuration = world.configuration();
    configuration.audience = Some("https://api.example.com/".to_owned());
    let session = world.session_with(configuration.clone());
    world.sign_in(&session, ADA).await;
    assert_eq!(field_of(public(session.fetch_metadata(&[]).await)), "audience");
    assert_eq!(
        (world.refresh_grants(), world.control().seen(Endpoint::Users)),
        (1, 0),
        "a token for the Management API was asked for, and the issuer gave another"
    );

    configuration.audience = None;
    let session = world.session_with(configuration.clone());
    world.sign_in(&session, ADA).await;
    assert_eq!(field_of(public(session.fetch_metadata(&[]).await)), "audience");

    let mut configuration = world.configuration();
    configuration.scopes = vec![
        "openid".to_owned(),
        "offline_access".to_owned(),
        "read:current_user".to_owned(),
    ];
    let session = world.session_with(configuration);
    world.sign_in(&session, ADA).await;
    assert!(session.fetch_metadata(&[]).await.is_ok());
    assert_eq!(
        field_of(public(session.update_metadata(object(json!({"a": 1}))).await)),
        "scopes"
    );

    let session = world.session_with(world.oidc_configuration());
    assert_eq!(field_of(public(session.fetch_metadata(&[]).await)), "provider");
}
