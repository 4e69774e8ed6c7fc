//! Each audience has a token, which is cached and renewed separately.

use std::sync::Arc;

use futures_util::FutureExt as _;
use pilotlight_core::adapters::file_lock::FileLock;
use pilotlight_core::ffi::{RetryReason, SessionError};
use pilotlight_core::model::audience::MOST_AUDIENCES;
use pilotlight_core::model::state::SessionState;
use pilotlight_core::session::{Sharing, TokenOptions};
use pilotlight_core::storage::envelope::STORED_AUDIENCES;
use pilotlight_identity_server::{Api, Endpoint, Fault};
use tokio::runtime::Handle;

use super::{API, OTHER, api, asked, audience, claims, held, is_for, other, token, with_resources, world};
use crate::world::{ADA, GRACE, World, assert_renews, at_least, cached, forced, is_signed_in, public};

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

    // From here on, the tokens come from memory.
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
    // Nor does it wait for the write.
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
    world.clock.advance(290);
    assert_eq!(held(&session, &api()).as_deref(), Some(first.as_str()));
    world.clock.advance(10);
    assert_eq!(held(&session, &api()), None);
    assert_eq!(held(&session, &other()).as_deref(), Some(later.as_str()));
    assert!(cached(&session).is_some());
    // Setting the wall clock back does not undo the time that has passed.
    world.clock.set_wall(0);
    assert_eq!(held(&session, &api()), None);
    let renewed = token(&session, &api()).await;
    assert_ne!(renewed, first);
    assert_eq!(world.refresh_grants(), 3);
    let too_long = public(asked(&session, &api(), at_least(601)).await);
    assert!(matches!(too_long, SessionError::FixArgument { argument, .. } if argument == "min_ttl"));
    assert_eq!(world.refresh_grants(), 4, "looked at after a renewal");
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
    // The issuer refuses in a renewal for a further audience.
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
async fn two_hundred_are_kept_in_memory_and_the_newest_twenty_are_stored() {
    let apis: Vec<_> = (0..MOST_AUDIENCES).map(|number| format!("{API}{number}")).collect();
    let mut options = with_resources(&apis);
    options.apis.push(Api {
        identifier: OTHER.to_owned(),
        scopes: Vec::new(),
    });
    let world = World::with(options).await;
    let session = world.signed_in().await;
    token(&session, &other()).await;
    for api in &apis {
        token(&session, &audience(api, &[])).await;
    }
    assert_eq!(held(&session, &other()), None, "the oldest went");
    let renewals = world.refresh_grants();
    for api in &apis {
        token(&session, &audience(api, &[])).await;
    }
    assert_eq!(world.refresh_grants(), renewals, "each is in memory");
    let stored = world.stored().unwrap();
    assert_eq!(stored["audience_tokens"].as_array().unwrap().len(), STORED_AUDIENCES);
    assert!(is_signed_in(&session));
    let restarted = world.session();
    restarted.restore().await.unwrap();
    let kept = apis
        .iter()
        .filter(|api| held(&restarted, &audience(api, &[])).is_some());
    assert!(kept.eq(&apis[MOST_AUDIENCES - STORED_AUDIENCES..]));
}

#[tokio::test]
async fn another_processs_renewal_takes_none_of_those_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let apis: Vec<_> = (0..STORED_AUDIENCES + 2)
        .map(|number| format!("{API}{number}"))
        .collect();
    let mut world = World::with(with_resources(&apis)).await;
    let lock = FileLock::new(folder.path().join("session"), Handle::current());
    world.sharing = Sharing::Processes(Arc::new(lock));
    let app = world.signed_in().await;
    for api in &apis {
        token(&app, &audience(api, &[])).await;
    }
    let extension = world.session();
    assert_renews(&extension).await;
    token(&extension, &audience(&apis[0], &[])).await;
    app.restore().await.unwrap();
    assert_eq!(cached(&app), cached(&extension));
    assert!(apis.iter().all(|api| held(&app, &audience(api, &[])).is_some()));
    assert_eq!(
        held(&app, &audience(&apis[0], &[])),
        held(&extension, &audience(&apis[0], &[]))
    );
    // They belong to this session only.
    app.sign_out().await;
    world.sign_in(&app, GRACE).await;
    assert!(apis.iter().all(|api| held(&app, &audience(api, &[])).is_none()));
}

/// A token added by another process does not change the age of others.
#[tokio::test]
async fn a_token_of_another_processs_makes_no_other_younger_on_a_clock_that_is_set_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = world().await;
    let lock = FileLock::new(folder.path().join("session"), Handle::current());
    world.sharing = Sharing::Processes(Arc::new(lock));
    let app = world.signed_in().await;
    token(&app, &api()).await;
    let extension = world.session();
    extension.restore().await.unwrap();
    world.clock.advance(3500);
    token(&extension, &other()).await;
    app.restore().await.unwrap();
    assert!(held(&app, &other()).is_some() && held(&app, &api()).is_some() && cached(&app).is_some());
    world.clock.advance(86_400 - 3500);
    world.clock.set_wall(100);
    assert_eq!((held(&app, &api()), cached(&app)), (None, None));
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
