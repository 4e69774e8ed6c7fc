//! Promise 9: this release reads everything that any release ever stored, to the last field, and writes it back
//! unchanged.

use std::time::Duration;

use pilotlight_core::model::audience::Audience;
use pilotlight_core::model::configuration::{Configuration, Provider};
use pilotlight_core::model::secret::{Secret, SecretBytes};
use pilotlight_core::model::state::{ReauthenticationReason, SessionState};
use pilotlight_core::model::time::{Instant, Timestamp};
use pilotlight_core::session::SessionManager;
use pilotlight_core::storage::envelope::StoredItem;

use crate::world::{World, cached};

const SIGNED_IN: &str = include_str!("golden/v1-signed-in.json");
const SMALLEST: &str = include_str!("golden/v1-smallest.json");
const BOUND: &str = include_str!("golden/v1-bound.json");
const IMPORTED: &str = include_str!("golden/v1-imported.json");
const ENDED: &str = include_str!("golden/v1-ended.json");
const WITH_AUDIENCES: &str = include_str!("golden/v1-with-audiences.json");
const LIVES_BY_ID_TOKEN: &str = include_str!("golden/v1-lives-by-id-token.json");
const WITH_PENDING_UPDATES: &str = include_str!("golden/v1-with-pending-updates.json");
const WITH_RESOURCES: &str = include_str!("golden/v1-with-resources.json");
const UNCHECKED: &str = include_str!("golden/v1-unchecked.json");
const NARROWED: &str = include_str!("golden/v1-narrowed.json");
const WITH_DISCOVERY: &str = include_str!("golden/v1-with-discovery.json");
const WITH_REVOCATIONS: &str = include_str!("golden/v1-with-revocations.json");
const SIGNED_OUT: &str = include_str!("golden/v1-signed-out.json");
const IMPORTING: &str = include_str!("golden/v1-importing.json");
const WITH_LIFETIME: &str = include_str!("golden/v1-with-lifetime.json");
const WITH_DEVICE_SECRET: &str = include_str!("golden/v1-with-device-secret.json");
const SIGNED_OUT_WITH_DEVICE_SECRET: &str = include_str!("golden/v1-signed-out-with-device-secret.json");
const WITH_PROFILE_SEQUENCE: &str = include_str!("golden/v1-with-profile-sequence.json");
const WITH_LATER_FIELDS: &str = include_str!("golden/v1-with-later-fields.json");

/// Launches an app whose store contains the item, at a time when its access token is still new.
async fn launched_with(item: &str) -> (SessionManager, SessionState) {
    let world = World::new().await;
    world.clock.set_wall_to(Timestamp(4_102_444_860));
    let mut configuration = world.configuration();
    configuration.client_id = "golden-app".to_owned();
    configuration.provider = Provider::Auth0 {
        domain: "golden.example.com".to_owned(),
    };
    // The name is part of the format: an item under another name is not found.
    let name = "default|golden-app|https://golden.example.com/";
    assert_eq!(
        Configuration::parse(configuration.clone())
            .unwrap()
            .item_name("default"),
        name
    );
    world.store.put(name, item.as_bytes());
    let session = world.session_with(configuration);
    let state = session.restore().await.unwrap();
    (session, state)
}

fn signed_in() -> SessionState {
    SessionState::SignedIn {
        subject: "auth0|golden".to_owned(),
        expires_at: Timestamp(4_102_444_800 + 86_400),
    }
}

#[tokio::test]
async fn a_session_with_everything() {
    let (session, state) = launched_with(SIGNED_IN).await;
    assert_eq!(state, signed_in());
    assert_eq!(cached(&session).as_deref(), Some("golden-access-token"));
    let profile = session.cached_profile().unwrap();
    assert_eq!(profile.name.as_deref(), Some("Gölden Üser"));
    assert_eq!(profile.email_verified, Some(true));
    assert_eq!(profile.address.as_ref().unwrap().country.as_deref(), Some("Österreich"));
    assert_eq!(
        profile.other_claims.0["https://example.com/roles"],
        serde_json::json!(["admin", 1, null])
    );
    assert_eq!(profile.fetched_at, Timestamp(4_102_444_801));
    let stored = StoredItem::decode(&SecretBytes::new(SIGNED_IN.into()))
        .unwrap()
        .into_session()
        .unwrap();
    assert_eq!(
        stored.credentials.refresh_token.unwrap().expose(),
        "golden-refresh-token"
    );
    assert_eq!(stored.credentials.id_token.unwrap().expose(), "golden-id-token");
    assert_eq!(stored.nonce.unwrap().expose(), "golden-nonce");
    assert_eq!(stored.authenticated_at, Some(Timestamp(4_102_444_799)));
}

#[tokio::test]
async fn a_session_with_the_required_fields_alone() {
    let (session, state) = launched_with(SMALLEST).await;
    assert_eq!(state, signed_in());
    assert_eq!(cached(&session).as_deref(), Some("golden-access-token"));
    assert_eq!(session.cached_profile(), None);
}

#[tokio::test]
async fn a_session_that_is_bound_to_a_key() {
    let (session, state) = launched_with(BOUND).await;
    assert_eq!(state, signed_in());
    let thumbprint = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I".to_owned();
    assert_eq!(session.bound_key(), Some((thumbprint, true)));
    assert!(session.is_bound(&Secret::new("golden-access-token")));
}

#[tokio::test]
async fn a_session_that_came_from_another_library() {
    let (session, state) = launched_with(IMPORTED).await;
    assert_eq!(state, signed_in());
    assert_eq!(cached(&session).as_deref(), Some("golden-access-token"));
}

#[tokio::test]
async fn a_session_that_the_issuer_ended() {
    let (session, state) = launched_with(ENDED).await;
    let reason = ReauthenticationReason::RefreshTokenRejected;
    assert_eq!(state, SessionState::ReauthenticationRequired { reason });
    assert_eq!(cached(&session), None);
    assert_eq!(session.cached_profile().unwrap().name.as_deref(), Some("Gölden Üser"));
}

#[tokio::test]
async fn a_session_with_tokens_for_further_audiences() {
    let (session, state) = launched_with(WITH_AUDIENCES).await;
    assert_eq!(state, signed_in());
    let token = |identifier: &str, scopes: &[&str]| {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let audience = Audience::parse(identifier.to_owned(), scopes).unwrap();
        session.with_cached_access_token_for(&audience, Duration::ZERO, str::to_owned)
    };
    let api = "https://api.example.com/";
    assert_eq!(token(api, &["read:messages"]).as_deref(), Some("golden-api-token"));
    assert_eq!(token(api, &[]), None);
    assert_eq!(token("urn:example:other", &[]), None, "it lived for 60 s");
}

#[tokio::test]
async fn a_session_that_lives_by_its_id_token() {
    let (session, state) = launched_with(LIVES_BY_ID_TOKEN).await;
    let SessionState::SignedIn { expires_at, .. } = state else {
        panic!("{state:?}");
    };
    assert_eq!(expires_at, Timestamp(4_102_444_800 + 36_000));
    assert_eq!(cached(&session), None);
    assert!(session.has_valid_session(Duration::ZERO));
}

#[tokio::test]
async fn a_session_with_changes_of_the_metadata_that_wait() {
    let (session, state) = launched_with(WITH_PENDING_UPDATES).await;
    assert_eq!(state, signed_in());
    let waiting = session.pending_metadata_updates();
    assert_eq!((waiting[0].id, waiting[1].id), (1, u64::MAX));
    assert_eq!(waiting[0].changes.0["country"], "Österreich");
    assert_eq!(waiting[0].since, Timestamp(4_102_444_801));
}

#[tokio::test]
async fn a_session_whose_sign_in_named_further_apis() {
    assert_eq!(launched_with(WITH_RESOURCES).await.1, signed_in());
    let stored = StoredItem::decode(&SecretBytes::new(WITH_RESOURCES.into())).unwrap();
    let named = stored.into_session().unwrap().resources;
    assert_eq!(named, ["https://api.example.com/", "urn:example:other"]);
}

#[tokio::test]
async fn a_session_whose_renewed_tokens_were_not_checked_yet() {
    let (session, state) = launched_with(UNCHECKED).await;
    assert_eq!(state, signed_in());
    assert_eq!(cached(&session), None);
    let stored = StoredItem::decode(&SecretBytes::new(UNCHECKED.into())).unwrap();
    let stored = stored.into_session().unwrap();
    assert_eq!(stored.sign_in().unwrap().expose(), "golden-sign-in");
}

#[tokio::test]
async fn a_session_whose_last_renewal_asked_for_less_than_was_granted() {
    let (session, state) = launched_with(NARROWED).await;
    assert_eq!(state, signed_in());
    assert_eq!(session.granted_scopes().unwrap(), ["openid"]);
    let stored = StoredItem::decode(&SecretBytes::new(NARROWED.into())).unwrap();
    let whole = stored.into_session().unwrap().whole_scope;
    assert_eq!(whole.as_deref(), Some("openid profile offline_access"));
}

#[tokio::test]
async fn a_session_with_the_discovery_document_of_its_issuer() {
    assert_eq!(launched_with(WITH_DISCOVERY).await.1, signed_in());
    let stored = StoredItem::decode(&SecretBytes::new(WITH_DISCOVERY.into())).unwrap();
    let kept = stored.into_session().unwrap().discovery.unwrap();
    assert!(kept.document.contains("https://golden.example.com/token"));
    assert_eq!(kept.fetched_at, Timestamp(4_102_444_800));
}

#[tokio::test]
async fn a_session_with_another_users_token_to_revoke() {
    assert_eq!(launched_with(WITH_REVOCATIONS).await.1, signed_in());
    let stored = StoredItem::decode(&SecretBytes::new(WITH_REVOCATIONS.into())).unwrap();
    let waiting = stored.into_session().unwrap().revocations;
    assert_eq!(waiting[0].token.expose(), "golden-replaced-token");
    assert_eq!(waiting[0].subject.as_deref(), Some("auth0|another"));
}

#[tokio::test]
async fn a_session_with_its_age() {
    assert_eq!(launched_with(WITH_LIFETIME).await.1, signed_in());
    let stored = StoredItem::decode(&SecretBytes::new(WITH_LIFETIME.into())).unwrap();
    let lifetime = stored.into_session().unwrap().lifetime.unwrap();
    assert_eq!((lifetime.age_seconds, lifetime.used_seconds), (3600, 3590));
    assert_eq!(lifetime.as_of, Timestamp(4_102_444_830));
    let later = Instant {
        wall: Timestamp(4_102_444_860),
        monotonic: Duration::ZERO,
    };
    assert_eq!(lifetime.age(later), Duration::from_secs(3630));
}

#[tokio::test]
async fn tokens_to_revoke_after_a_sign_out() {
    assert_eq!(launched_with(SIGNED_OUT).await.1, SessionState::SignedOut);
    assert_eq!(launched_with(IMPORTING).await.1, SessionState::SignedOut);
}

#[tokio::test]
async fn a_session_with_a_secret_for_other_apps() {
    let (session, state) = launched_with(WITH_DEVICE_SECRET).await;
    assert_eq!(state, signed_in());
    let stored = StoredItem::decode(&SecretBytes::new(WITH_DEVICE_SECRET.into())).unwrap();
    let stored = stored.into_session().unwrap();
    assert_eq!(stored.device_secret.unwrap().expose(), "golden-device-secret");
    assert_eq!(cached(&session).as_deref(), Some("golden-access-token"));
}

#[tokio::test]
async fn a_sign_out_that_left_such_a_secret_to_revoke() {
    assert_eq!(
        launched_with(SIGNED_OUT_WITH_DEVICE_SECRET).await.1,
        SessionState::SignedOut
    );
    let stored = StoredItem::decode(&SecretBytes::new(SIGNED_OUT_WITH_DEVICE_SECRET.into())).unwrap();
    let StoredItem::SignedOut(left) = stored else {
        panic!("{stored:?}");
    };
    let hints = left.revocations.iter().map(|token| token.kind.hint());
    assert_eq!(hints.collect::<Vec<_>>(), ["refresh_token", "device_secret"]);
}

#[test]
fn a_sign_in_without_an_identifier_differs_from_others_by_its_nonce() {
    let session = |item: &str| {
        StoredItem::decode(&SecretBytes::new(item.into()))
            .unwrap()
            .into_session()
    };
    let stored = session(SIGNED_IN).unwrap();
    assert_eq!(stored.sign_in().unwrap().expose(), "golden-nonce");
    assert_eq!(stored.sent_nonce(), stored.sign_in());
    assert_eq!(session(IMPORTED).unwrap().sent_nonce(), None, "it may be invented");
}

#[tokio::test]
async fn a_session_of_a_later_release_with_the_same_format() {
    assert_eq!(launched_with(WITH_LATER_FIELDS).await.1, signed_in());
}

#[test]
fn each_is_written_back_as_it_was() {
    for item in [
        SIGNED_IN,
        SMALLEST,
        BOUND,
        IMPORTED,
        ENDED,
        WITH_AUDIENCES,
        LIVES_BY_ID_TOKEN,
        WITH_PENDING_UPDATES,
        WITH_RESOURCES,
        UNCHECKED,
        NARROWED,
        WITH_DISCOVERY,
        WITH_REVOCATIONS,
        SIGNED_OUT,
        IMPORTING,
        WITH_LIFETIME,
        WITH_DEVICE_SECRET,
        SIGNED_OUT_WITH_DEVICE_SECRET,
        WITH_PROFILE_SEQUENCE,
        WITH_LATER_FIELDS,
    ] {
        let stored = StoredItem::decode(&SecretBytes::new(item.into())).unwrap();
        let written = stored.encode().unwrap();
        assert_eq!(std::str::from_utf8(written.expose()).unwrap(), with_profile_first(item));
    }
}

/// Earlier releases wrote the profile after the tokens.
fn with_profile_first(item: &str) -> String {
    const NAME: &str = r#""profile":"#;
    let Some(start) = item.find(NAME).filter(|start| *start > 1) else {
        return item.to_owned();
    };
    let mut profile = serde_json::Deserializer::from_str(&item[start + NAME.len()..]).into_iter::<serde_json::Value>();
    profile.next().unwrap().unwrap();
    let end = start + NAME.len() + profile.byte_offset();
    let before = item[1..start].trim_end_matches(',');
    format!("{{{},{before}{}", &item[start..end], &item[end..])
}
