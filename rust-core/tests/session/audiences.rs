//! Access tokens for further audiences under the one refresh token.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::FutureExt as _;
use pilotlight_core::adapters::file_lock::FileLock;
use pilotlight_core::audience::{Audience, MOST_AUDIENCES};
use pilotlight_core::error::Error;
use pilotlight_core::ffi::{RetryReason, SessionError};
use pilotlight_core::secret::Secret;
use pilotlight_core::session::{RefreshOptions, SessionManager, Sharing, TokenOptions};
use pilotlight_core::state::SessionState;
use pilotlight_identity_server::{Api, Endpoint, Fault, IdTokenFault, OldKeys, Options};
use serde_json::{Value, json};
use tokio::runtime::Handle;

use crate::world::{ADA, GRACE, World, assert_renews, at_least, cached, disk_full, forced, is_signed_in, public};

const API: &str = "https://api.example.com/";
const OTHER: &str = "https://other.example.com/";

fn audience(identifier: &str, scopes: &[&str]) -> Audience {
    let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    Audience::parse(identifier.to_owned(), scopes).unwrap()
}

fn api() -> Audience {
    audience(API, &["read:messages"])
}

fn other() -> Audience {
    audience(OTHER, &[])
}

/// A world whose issuer gives tokens for several APIs.
async fn world() -> World {
    let mut options = Options::default().with(|s| s.multi_resource_refresh = true);
    options.apis.push(Api {
        identifier: OTHER.to_owned(),
        scopes: vec!["read:all".to_owned()],
    });
    World::with(options).await
}

fn held(session: &SessionManager, audience: &Audience) -> Option<String> {
    session.with_cached_access_token_for(audience, Duration::ZERO, str::to_owned)
}

async fn asked(session: &SessionManager, audience: &Audience, options: TokenOptions) -> Result<Secret, Error> {
    session.access_token_for(audience, options).await
}

async fn token(session: &SessionManager, audience: &Audience) -> String {
    asked(session, audience, at_least(60))
        .await
        .unwrap()
        .expose()
        .to_owned()
}

fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

fn is_for(token: &str, audience: &str) -> bool {
    let claims = claims(token);
    let all = claims["aud"].as_array().cloned().unwrap_or(vec![claims["aud"].clone()]);
    all.contains(&json!(audience))
}

fn assert_fix_audience(outcome: Result<Secret, Error>) {
    let error = public(outcome);
    assert!(
        matches!(&error, SessionError::FixConfiguration { field, .. } if field == "audience"),
        "{error:?}"
    );
}

#[tokio::test]
async fn each_audience_has_a_token_of_its_own_and_the_sessions_stays() {
    let world = world().await;
    let session = world.signed_in().await;
    let (own, scope) = (
        cached(&session).unwrap(),
        world.stored().unwrap()["credentials"]["scope"].clone(),
    );
    let (for_api, for_other) = (token(&session, &api()).await, token(&session, &other()).await);
    assert!(is_for(&for_api, API) && is_for(&for_other, OTHER));
    assert_eq!(claims(&for_api)["scope"], "read:messages");
    assert_eq!(world.refresh_grants(), 2);
    assert_eq!(cached(&session).as_deref(), Some(own.as_str()));
    assert_eq!(world.stored().unwrap()["credentials"]["access_token"], own);
    assert_eq!(world.stored().unwrap()["credentials"]["scope"], scope);

    // From here on: memory.
    let (store, requests) = (world.store.counts(), world.control().requests().len());
    for _ in 0..10 {
        assert_eq!(token(&session, &api()).await, for_api);
        assert_eq!(held(&session, &other()).as_deref(), Some(for_other.as_str()));
    }
    assert_eq!(
        (world.store.counts(), world.control().requests().len()),
        (store, requests)
    );
    assert_eq!(
        held(&session, &audience(API, &[])),
        None,
        "other scopes are another token"
    );
    assert_renews(&session).await;
    assert_eq!(held(&session, &api()).as_deref(), Some(for_api.as_str()));
}

#[tokio::test]
async fn the_configured_audience_is_the_sessions_own_token() {
    let world = world().await;
    let session = world.signed_in().await;
    let own = audience(&world.server.management_audience(), &[]);
    assert_eq!(token(&session, &own).await, cached(&session).unwrap());
    assert_eq!(held(&session, &own), cached(&session));
    assert_eq!(world.refresh_grants(), 0);
}

#[tokio::test]
async fn a_good_token_waits_for_no_renewal_of_another() {
    let world = world().await;
    let session = world.signed_in().await;
    let (own, for_api) = (cached(&session).unwrap(), token(&session, &api()).await);
    world.control().fault(Endpoint::Token, Fault::hold().after_processing());
    let renewing = tokio::spawn({
        let session = session.clone();
        async move { token(&session, &other()).await }
    });
    world.control().wait_for_held(Endpoint::Token, 1).await;
    // The server has rotated, and does not answer yet.
    assert_eq!(held(&session, &api()).as_deref(), Some(for_api.as_str()));
    assert_eq!(token(&session, &api()).await, for_api);
    assert_eq!(cached(&session).as_deref(), Some(own.as_str()));
    assert_eq!(session.access_token(at_least(60)).await.unwrap().expose(), own);
    // Nor for its being written.
    let (gate, writes) = (world.store.gate.lock().await, world.store.counts().1);
    world.control().release(Endpoint::Token);
    world.store.wait_for_write(writes).await;
    assert_eq!(held(&session, &api()).as_deref(), Some(for_api.as_str()));
    assert_eq!(token(&session, &api()).await, for_api);
    assert_eq!(cached(&session).as_deref(), Some(own.as_str()));
    assert_eq!(held(&session, &other()), None, "not stored yet");
    drop(gate);
    assert_eq!(Some(renewing.await.unwrap()), held(&session, &other()));
}

#[tokio::test]
async fn callers_for_one_audience_share_and_those_for_two_take_turns() {
    let world = world().await;
    let session = world.signed_in().await;
    world.control().fault(Endpoint::Token, Fault::hold());
    let callers: Vec<_> = (0..20)
        .map(|_| {
            let session = session.clone();
            tokio::spawn(async move { token(&session, &api()).await })
        })
        .collect();
    world.control().wait_for_held(Endpoint::Token, 1).await;
    let other = other();
    let (mut second, mut own) = (
        Box::pin(token(&session, &other)),
        Box::pin(session.access_token(forced())),
    );
    assert!((&mut second).now_or_never().is_none() && (&mut own).now_or_never().is_none());
    assert_eq!(world.refresh_grants(), 1);
    world.control().release(Endpoint::Token);
    let mut tokens = Vec::new();
    for caller in callers {
        tokens.push(caller.await.unwrap());
    }
    tokens.dedup();
    assert_eq!(tokens.len(), 1);
    assert!(is_for(&tokens[0], API));
    let (second, own) = tokio::join!(second, own);
    assert!(is_for(&second, OTHER) && own.is_ok());
    assert_eq!(world.refresh_grants(), 3);
    assert_eq!(world.control().counters().spent_refresh_tokens_presented, 0);
}

#[tokio::test]
async fn each_expires_for_itself_counted_from_its_receipt() {
    let world = world().await;
    let session = world.signed_in().await;
    world.control().change(|s| s.access_token_lifetime = 600);
    let first = token(&session, &api()).await;
    world.clock.advance(300);
    let later = token(&session, &other()).await;
    world.clock.advance(299);
    assert_eq!(held(&session, &api()).as_deref(), Some(first.as_str()));
    world.clock.advance(1);
    assert_eq!(held(&session, &api()), None);
    assert_eq!(held(&session, &other()).as_deref(), Some(later.as_str()));
    assert!(cached(&session).is_some());
    // The wall clock is set back; what has passed has passed.
    world.clock.set_wall(0);
    assert_eq!(held(&session, &api()), None);
    let renewed = token(&session, &api()).await;
    assert_ne!(renewed, first);
    assert_eq!(world.refresh_grants(), 3);
    let too_long = public(asked(&session, &api(), at_least(601)).await);
    assert!(matches!(too_long, SessionError::FixArgument { argument, .. } if argument == "min_ttl"));
    assert_eq!(world.refresh_grants(), 3);
}

#[tokio::test]
async fn a_forced_renewal_is_of_that_audience_alone_and_shared() {
    let world = world().await;
    let session = world.signed_in().await;
    let (own, first, second) = (
        cached(&session),
        token(&session, &api()).await,
        token(&session, &other()).await,
    );
    world.control().fault(Endpoint::Token, Fault::hold());
    let api = api();
    let (mut one, mut two) = (
        Box::pin(asked(&session, &api, forced())),
        Box::pin(asked(&session, &api, forced())),
    );
    assert!((&mut one).now_or_never().is_none() && (&mut two).now_or_never().is_none());
    world.control().wait_for_held(Endpoint::Token, 1).await;
    world.control().release(Endpoint::Token);
    let (one, two) = tokio::join!(one, two);
    let renewed = one.unwrap().expose().to_owned();
    assert_eq!(renewed, two.unwrap().expose());
    assert_ne!(renewed, first);
    assert_eq!(world.refresh_grants(), 3);
    assert_eq!((cached(&session), held(&session, &other())), (own, Some(second)));
}

#[tokio::test]
async fn they_are_there_at_the_next_launch_and_offline() {
    let world = world().await;
    let session = world.signed_in().await;
    let for_api = token(&session, &api()).await;
    world.control().go_offline().await.unwrap();
    let restarted = world.session();
    assert_eq!(held(&restarted, &api()), None, "nothing was read yet");
    assert_eq!(token(&restarted, &api()).await, for_api);
    assert_eq!(held(&restarted, &api()).as_deref(), Some(for_api.as_str()));
    world.clock.advance(86_400);
    let error = public(asked(&restarted, &api(), at_least(0)).await);
    assert!(matches!(
        error,
        SessionError::RetryLater {
            reason: RetryReason::Network,
            ..
        }
    ));
    let expired = TokenOptions {
        allow_expired: true,
        ..TokenOptions::default()
    };
    assert_eq!(asked(&restarted, &api(), expired).await.unwrap().expose(), for_api);
    assert!(
        asked(&restarted, &other(), expired).await.is_err(),
        "there never was one"
    );
    assert!(is_signed_in(&restarted));
}

#[tokio::test]
async fn they_go_with_the_session() {
    let world = world().await;
    let session = world.signed_in().await;
    token(&session, &api()).await;
    session.sign_out().await;
    assert_eq!(held(&session, &api()), None);
    assert!(world.stored().is_none());

    world.sign_in(&session, ADA).await;
    let adas = token(&session, &api()).await;
    world.sign_in(&session, GRACE).await;
    assert_eq!(held(&session, &api()), None);
    let graces = token(&session, &api()).await;
    assert_ne!(claims(&adas)["sub"], claims(&graces)["sub"]);

    world.control().revoke_user(GRACE);
    // The issuer's word, heard by a renewal for a further audience.
    assert!(matches!(
        public(asked(&session, &other(), at_least(0)).await),
        SessionError::SignIn { .. }
    ));
    assert!(matches!(
        session.state(),
        Some(SessionState::ReauthenticationRequired { .. })
    ));
    assert_eq!(held(&session, &api()), None);
    let stored = world.stored().unwrap().to_string();
    assert!(!stored.contains("audience_tokens") && !stored.contains(&graces));
}

#[tokio::test]
async fn an_audience_that_the_issuer_refuses_is_configuration_and_never_the_end() {
    let world = world().await;
    let session = world.signed_in().await;
    let nowhere = audience("https://nowhere.example.com/", &[]);
    assert_fix_audience(asked(&session, &nowhere, at_least(0)).await);
    for (status, code, words) in [
        (
            403,
            "access_denied",
            "Client is not authorized to access \"https://x/\".",
        ),
        (400, "invalid_target", ""),
        (400, "invalid_request", "Missing or invalid parameter: audience"),
    ] {
        let refusal = Fault::oauth_error(status, code, words);
        world.control().fault(Endpoint::Token, refusal);
        assert_fix_audience(asked(&session, &api(), at_least(0)).await);
    }
    // A rule's decision about the user is not about the audience.
    let rule = Fault::oauth_error(403, "access_denied", "user is blocked");
    world.control().fault(Endpoint::Token, rule);
    assert!(matches!(
        public(asked(&session, &api(), at_least(0)).await),
        SessionError::SignIn { .. }
    ));
    assert!(is_signed_in(&session));
    assert_renews(&session).await;
    token(&session, &api()).await;
}

/// Auth0 says nothing about an audience that the application's policies do not name.
#[tokio::test]
async fn an_audience_that_the_issuer_passes_over_is_noticed_and_the_rotated_refresh_token_kept() {
    for own in [Some(OTHER.to_owned()), None] {
        let world = world().await;
        world.control().change(|s| s.multi_resource_refresh = false);
        let mut configuration = world.configuration();
        configuration.audience = own;
        let session = world.session_with(configuration);
        world.sign_in(&session, ADA).await;
        let refresh_token = world.stored_refresh_token();
        assert_fix_audience(asked(&session, &audience(API, &[]), at_least(0)).await);
        assert_eq!(held(&session, &audience(API, &[])), None);
        assert_ne!(world.stored_refresh_token(), refresh_token);
        assert!(world.stored().unwrap().get("audience_tokens").is_none());
        assert_renews(&session).await;
    }
}

#[tokio::test]
async fn a_standard_issuer_is_sent_a_resource() {
    let world = world().await;
    let session = world.session_with(world.oidc_configuration());
    world.sign_in(&session, ADA).await;
    assert!(is_for(&token(&session, &api()).await, API));
    let nowhere = audience("https://nowhere.example.com/", &[]);
    assert_fix_audience(asked(&session, &nowhere, at_least(0)).await);
    assert_eq!(
        world.control().requests().last().unwrap().error.as_deref(),
        Some("invalid_target"),
        "RFC 8707's own words"
    );
    let grants = world.refresh_grants();
    for identifier in ["not a uri", "https://api.example.com/#fragment"] {
        let error = public(asked(&session, &audience(identifier, &[]), at_least(0)).await);
        assert!(matches!(error, SessionError::FixArgument { argument, .. } if argument == "audience"));
    }
    assert_eq!(world.refresh_grants(), grants);
}

#[tokio::test]
async fn an_answer_that_is_not_believed_gives_no_token_and_costs_no_session() {
    let world = world().await;
    let session = world.signed_in().await;
    let with_openid = audience(API, &["openid", "read:messages"]);
    let (own, id_token) = (
        cached(&session),
        world.stored().unwrap()["credentials"]["id_token"].clone(),
    );
    let forged = Fault::id_token(IdTokenFault::new().claim("sub", json!("auth0|somebody-else")));
    world.control().fault(Endpoint::Token, forged);
    assert!(matches!(
        public(asked(&session, &with_openid, at_least(0)).await),
        SessionError::RetryLater { .. }
    ));
    assert_eq!(held(&session, &with_openid), None);
    assert_eq!(cached(&session), own, "the session's own token is as good as before");
    let stored = world.stored().unwrap();
    assert!(stored.get("audience_tokens").is_none());
    assert_eq!(stored["credentials"]["id_token"], id_token);
    world.rest();
    assert!(is_for(&token(&session, &with_openid).await, API));
    assert_renews(&session).await;
}

/// The ID token that comes along is signed with a key that has to be fetched first.
#[tokio::test]
async fn nobody_gets_a_token_before_what_came_with_it_is_believed() {
    let world = world().await;
    let session = world.signed_in().await;
    let own = cached(&session);
    world.control().rotate_keys(OldKeys::Keep);
    world.clock.advance(61);
    world.control().fault(Endpoint::Jwks, Fault::hold());
    let api = audience(API, &["openid", "read:messages"]);
    let mut first = Box::pin(asked(&session, &api, at_least(0)));
    assert!((&mut first).now_or_never().is_none());
    world.control().wait_for_held(Endpoint::Jwks, 1).await;
    assert!(world.stored().unwrap().get("audience_tokens").is_some(), "stored first");
    assert_eq!((held(&session, &api), cached(&session)), (None, own));
    assert!(asked(&session, &api, at_least(0)).now_or_never().is_none());
    world.control().release(Endpoint::Jwks);
    assert_eq!(Some(first.await.unwrap().expose()), held(&session, &api).as_deref());
}

#[tokio::test]
async fn answers_that_leave_things_out() {
    let world = world().await;
    let session = world.signed_in().await;
    for without in [
        ["scope"],
        ["expires_in"],
        ["id_token"],
        ["token_type"],
        ["refresh_token"],
    ] {
        world.control().fault(Endpoint::Token, Fault::answer_without(&without));
        if without == ["refresh_token"] {
            // As from an issuer that does not rotate.
            world.control().change(|s| s.rotation = false);
        }
        let renewed = asked(&session, &api(), forced()).await.unwrap();
        assert_eq!(held(&session, &api()).as_deref(), Some(renewed.expose()));
    }
    let kept = world.stored_refresh_token();
    world.control().fault(
        Endpoint::Token,
        Fault::answer(json!({"access_token": null, "refresh_token": kept})),
    );
    assert!(asked(&session, &api(), forced()).await.is_err());
    world.rest();
    assert_eq!(world.stored_refresh_token(), kept);
    token(&session, &api()).await;
}

#[tokio::test]
async fn a_rotated_refresh_token_that_could_not_be_stored_is_stored_by_the_next_call() {
    let world = world().await;
    let session = world.signed_in().await;
    let (own, refresh_token) = (cached(&session), world.stored_refresh_token());
    world.store.fail_writes(Some(disk_full()));
    assert!(matches!(
        public(asked(&session, &api(), at_least(0)).await),
        SessionError::CheckStorage { .. }
    ));
    assert_eq!(
        (cached(&session), held(&session, &api())),
        (None, None),
        "whoever asks is led to the call that writes"
    );
    world.store.fail_writes(None);
    session.access_token(at_least(0)).await.unwrap();
    assert_ne!(world.stored_refresh_token(), refresh_token);
    assert_eq!(cached(&session), own);
    assert!(held(&session, &api()).is_some());
    assert_eq!(world.refresh_grants(), 1);
}

#[tokio::test]
async fn a_late_answer_for_a_session_that_is_gone_is_dropped() {
    let world = world().await;
    let session = world.signed_in().await;
    world.control().fault(Endpoint::Token, Fault::hold().after_processing());
    let renewing = tokio::spawn({
        let session = session.clone();
        async move { asked(&session, &api(), at_least(0)).await }
    });
    world.control().wait_for_held(Endpoint::Token, 1).await;
    session.sign_out().await;
    world.control().release(Endpoint::Token);
    assert!(matches!(public(renewing.await.unwrap()), SessionError::SignIn { .. }));
    assert!(world.stored().is_none());
    assert_eq!(held(&session, &api()), None);
}

#[tokio::test]
async fn not_more_than_twenty_are_kept() {
    let world = world().await;
    let session = world.signed_in().await;
    token(&session, &other()).await;
    // Enough scopes for that many combinations.
    let scopes = ["openid", "profile", "email", "read:messages", "write:messages"];
    for bits in 1..=MOST_AUDIENCES + 2 {
        let chosen: Vec<_> = (0..5)
            .filter(|bit| bits >> bit & 1 == 1)
            .map(|bit| scopes[bit])
            .collect();
        token(&session, &audience(API, &chosen)).await;
    }
    let stored = world.stored().unwrap();
    assert_eq!(stored["audience_tokens"].as_array().unwrap().len(), MOST_AUDIENCES);
    assert_eq!(held(&session, &other()), None, "the oldest went");
    assert!(is_signed_in(&session));
}

#[tokio::test]
async fn what_one_process_got_the_other_has() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = world().await;
    let lock = FileLock::new(folder.path().join("session"), Handle::current());
    world.sharing = Sharing::Processes(Arc::new(lock));
    let app = world.signed_in().await;
    let extension = world.session();
    extension.restore().await.unwrap();
    let for_api = token(&app, &api()).await;
    assert_eq!(token(&extension, &api()).await, for_api);
    assert_eq!(world.refresh_grants(), 1);
    // Both rotate one refresh token.
    let (one, two, three) = (api(), other(), audience(API, &["write:messages"]));
    let (first, second, third) = tokio::join!(
        asked(&app, &one, forced()),
        asked(&extension, &two, at_least(0)),
        asked(&extension, &three, at_least(0))
    );
    assert!(first.is_ok() && second.is_ok() && third.is_ok());
    assert_renews(&extension).await;
    assert_renews(&app).await;
    assert_eq!(world.control().counters().spent_refresh_tokens_presented, 0);

    world.sharing = Sharing::ReadOnly;
    let widget = world.session();
    widget.restore().await.unwrap();
    assert_eq!(held(&widget, &one), held(&app, &one));
    let unknown = audience(API, &["openid"]);
    assert!(matches!(
        public(asked(&widget, &unknown, at_least(0)).await),
        SessionError::OpenApp { .. }
    ));
}

/// The parameters that an app configures for every token request do not stand in the way.
#[tokio::test]
async fn a_configured_audience_parameter_gives_way() {
    let world = world().await;
    let mut configuration = world.configuration();
    configuration.token_parameters = HashMap::from([("audience".to_owned(), OTHER.to_owned())]);
    let session = world.session_with(configuration);
    world.sign_in(&session, ADA).await;
    assert!(is_for(&token(&session, &api()).await, API));
    let renewed = session.refresh(RefreshOptions::default()).await.unwrap();
    assert!(is_for(renewed.expose(), OTHER));
}
