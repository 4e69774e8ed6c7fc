//! The contents of a discovery document, and its faults.

use pilotlight_core::ffi::SessionError;
use pilotlight_identity_server::{Algorithm, Endpoint, Fault};
use serde_json::{Value, json};

use crate::error_shapes::shape;
use crate::world::{ADA, World, assert_unexpected, cached, forced, is_signed_in, public};

/// An optional endpoint that cannot be used disables the calls that need it, and nothing else.
#[tokio::test]
async fn an_unusable_optional_endpoint_disables_itself_alone() {
    for unusable in [
        json!(""),
        json!(7),
        json!("/logout"),
        json!("http://login.example.com/logout"),
        json!("https://user:word@login.example.com/"),
    ] {
        let world = World::new().await;
        let all = json!({
            "userinfo_endpoint": unusable,
            "revocation_endpoint": unusable,
            "end_session_endpoint": unusable,
        });
        world
            .control()
            .fault(Endpoint::Discovery, Fault::answer(all).for_ever());
        let session = world.session_with(world.oidc_configuration());
        world.sign_in(&session, ADA).await;
        session.access_token(forced()).await.unwrap();
        assert_eq!(shape(public(session.profile(true).await)), "fix issuer", "{unusable}");
        assert!(is_signed_in(&session));
    }
}

/// A page in front of the document says nothing about the configuration.
#[tokio::test]
async fn a_page_in_front_of_the_document_is_retried_later() {
    let world = World::new().await;
    let session = world.session_with(world.oidc_configuration());
    world.sign_in(&session, ADA).await;
    world.forget_discovery();
    for fault in [
        Fault::html(403),
        Fault::html(451),
        Fault::html(407),
        Fault::html(511),
        Fault::status(407),
        Fault::status(408),
    ] {
        let restarted = world.session_with(world.oidc_configuration());
        restarted.restore().await.unwrap();
        world.control().fault(Endpoint::Discovery, fault.clone().for_ever());
        let error = public(restarted.access_token(forced()).await);
        world.control().clear_faults(Endpoint::Discovery);
        world.cooldown();
        assert!(matches!(error, SessionError::RetryLater { .. }), "{fault:?}: {error:?}");
    }
    let restarted = world.session_with(world.oidc_configuration());
    world.control().fault(Endpoint::Discovery, Fault::html(404));
    let error = public(restarted.begin_sign_in(Default::default()).await);
    assert_eq!(shape(error), "fix issuer", "a wrong address");
}

/// RFC 9110 15.4.2 and 15.4.9: the host of a document may say where it is permanently.
#[tokio::test]
async fn a_permanent_redirect_on_the_same_origin_is_followed_once() {
    const DOCUMENT: &str = "/.well-known/openid-configuration";
    let moved = |status, to: &str| Fault::status(status).header("location", to);
    for status in [301, 308] {
        let world = World::new().await;
        let same_origin = world.server.issuer().trim_end_matches('/').to_owned();
        for to in [
            format!("{DOCUMENT}?moved"),
            format!("{same_origin}{DOCUMENT}?moved#part"),
            "openid-configuration?moved".to_owned(),
        ] {
            world.control().fault(Endpoint::Discovery, moved(status, &to));
            let session = world.session_with(world.oidc_configuration());
            world.sign_in(&session, ADA).await;
            assert!(world.control().waiting_faults().is_empty(), "{to}");
        }
    }
    let world = World::new().await;
    let other_port = world.server.issuer().replace("http://127.0.0.1", "http://localhost");
    for (status, to, times) in [
        (302, format!("{DOCUMENT}?moved"), 1),
        (303, format!("{DOCUMENT}?moved"), 1),
        (307, format!("{DOCUMENT}?moved"), 1),
        (301, format!("{other_port}{DOCUMENT}"), 1),
        (301, "https://elsewhere.example/".to_owned(), 1),
        (308, "//elsewhere.example/".to_owned(), 1),
        (308, "http://user:word@[".to_owned(), 1),
        (308, DOCUMENT.to_owned(), 1),
        (308, format!("{DOCUMENT}?moved"), 2),
    ] {
        world.control().clear_faults(Endpoint::Discovery);
        world
            .control()
            .fault(Endpoint::Discovery, moved(status, &to).times(times));
        let session = world.session_with(world.oidc_configuration());
        let error = public(session.begin_sign_in(Default::default()).await);
        assert_unexpected(&error);
        assert!(error.to_string().contains("redirect"), "{to}: {error}");
    }
}

/// A redirect does not permit another issuer's document.
#[tokio::test]
async fn a_moved_document_must_be_the_issuers_own_all_the_same() {
    let world = World::new().await;
    let moved = Fault::status(308).header("location", "/.well-known/openid-configuration?moved");
    let other = Fault::answer(json!({"issuer": "https://other.example/realm"})).skip(1);
    world.control().fault(Endpoint::Discovery, moved);
    world.control().fault(Endpoint::Discovery, other);
    let session = world.session_with(world.oidc_configuration());
    assert_eq!(
        shape(public(session.begin_sign_in(Default::default()).await)),
        "fix issuer"
    );
}

#[tokio::test]
async fn another_issuers_document_is_refused_with_both_names() {
    let world = World::new().await;
    let session = world.session_with(world.oidc_configuration());
    let other = json!({"issuer": "https://other.example/realm"});
    world.control().fault(Endpoint::Discovery, Fault::answer(other));
    let words = public(session.begin_sign_in(Default::default()).await).to_string();
    let configured = world.server.issuer();
    assert!(words.contains("https://other.example/realm"), "{words}");
    assert!(words.contains(configured.trim_end_matches('/')), "{words}");
}

/// OpenID Connect Discovery 3: userinfo has its own algorithms.
#[tokio::test]
async fn a_signed_profile_is_verified_by_the_algorithms_announced_for_it() {
    for (of_id_tokens, of_userinfo, names) in [
        (Algorithm::RS256, Algorithm::ES256, ["RS256", "ES256"]),
        (Algorithm::ES256, Algorithm::RS256, ["ES256", "RS256"]),
    ] {
        let world = World::new().await;
        world.control().change(|s| s.algorithm = of_id_tokens);
        let announced = |userinfo: Value| {
            Fault::answer(json!({
                "id_token_signing_alg_values_supported": [names[0]],
                "userinfo_signing_alg_values_supported": userinfo,
            }))
        };
        world
            .control()
            .fault(Endpoint::Discovery, announced(json!([names[1], "none"])).for_ever());
        let session = world.session_with(world.oidc_configuration());
        world.sign_in(&session, ADA).await;
        world.control().change(|s| {
            s.algorithm = of_userinfo;
            s.userinfo_jwt = true;
        });
        session.profile(true).await.unwrap();

        // An algorithm announced only for ID tokens is an error of the profile call, and no reason to sign in again.
        world.control().change(|s| s.algorithm = of_id_tokens);
        let token = cached(&session);
        assert_unexpected(&public(session.profile(true).await));
        assert_eq!(cached(&session), token);
    }
}
