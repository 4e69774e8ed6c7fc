//! Signing out of the browser session at the issuer.

use std::collections::HashMap;

use pilotlight_core::ffi::SessionError;
use pilotlight_core::model::configuration::SessionConfiguration;
use pilotlight_core::model::state::SessionState;
use pilotlight_core::protocol::logout::LogoutOptions;
use pilotlight_core::session::SessionManager;
use pilotlight_identity_server::Endpoint;
use pilotlight_test_browser::plain_http_client;
use url::Url;

use crate::sharing::app_and_extension;
use crate::world::{ADA, GRACE, World, forced, public};

const RETURN_TO: &str = "com.example.pilotlight://logout";

async fn logout_url(world: &World, configuration: SessionConfiguration, options: &LogoutOptions) -> Url {
    let url = world.session_with(configuration).logout_url(options).await.unwrap();
    Url::parse(&url).unwrap()
}

fn returning() -> LogoutOptions {
    LogoutOptions {
        return_to: Some(RETURN_TO.to_owned()),
        ..LogoutOptions::default()
    }
}

fn assert_foreign(error: &SessionError) {
    assert!(
        matches!(error, SessionError::FixArgument { argument, .. } if argument == "callback_url"),
        "{error:?}"
    );
}

fn values(url: &Url) -> HashMap<String, String> {
    url.query_pairs().into_owned().collect()
}

/// Where the issuer redirects the browser.
async fn open(url: &Url) -> Option<String> {
    let browser = plain_http_client()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let answer = browser.get(url.as_str()).send().await.unwrap();
    let address = answer.headers().get("location")?.to_str().unwrap();
    Some(address.to_owned())
}

async fn hint(session: &SessionManager) -> (Option<String>, Url) {
    let options = LogoutOptions {
        sends_id_token_hint: true,
        logout_hint: Some("ada@example.com".to_owned()),
        ..returning()
    };
    let url = Url::parse(&session.logout_url(&options).await.unwrap()).unwrap();
    (values(&url).remove("id_token_hint"), url)
}

#[tokio::test]
async fn auth0_signs_the_browser_out_and_leads_back() {
    let world = World::new().await;
    let url = logout_url(&world, world.configuration(), &returning()).await;
    let asked = world.control().requests().len();
    assert_eq!(asked, 0, "Auth0's endpoints are known");
    assert!(
        url.as_str()
            .starts_with(&format!("{}v2/logout?", world.server.issuer()))
    );
    assert_eq!(open(&url).await.as_deref(), Some(RETURN_TO));
    let federated = LogoutOptions {
        federated: true,
        ..LogoutOptions::default()
    };
    let url = logout_url(&world, world.configuration(), &federated).await;
    assert_eq!(url.query(), Some("client_id=native-app&federated"));
}

#[tokio::test]
async fn a_parameter_is_sent_where_no_option_says_the_same() {
    let world = World::new().await;
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut options = LogoutOptions {
        parameters: HashMap::from([pair("logout_hint", "grace@example.com"), pair("ui_locales", "de")]),
        ..LogoutOptions::default()
    };
    let url = logout_url(&world, world.configuration(), &options).await;
    assert_eq!(values(&url)["logout_hint"], "grace@example.com");
    options.logout_hint = Some("ada@example.com".to_owned());
    let url = logout_url(&world, world.configuration(), &options).await;
    let sent = |name| url.query_pairs().filter(|(own, _)| own == name).count();
    assert_eq!((sent("logout_hint"), sent("ui_locales")), (1, 1));
    assert_eq!(values(&url)["logout_hint"], "ada@example.com");
}

#[tokio::test]
async fn any_other_issuer_has_an_end_session_endpoint_and_gets_no_id_token() {
    let world = World::new().await;
    let session = world.session_with(world.oidc_configuration());
    let url = session.logout_url(&returning()).await.unwrap();
    let url = Url::parse(&url).unwrap();
    let names: Vec<_> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
    assert_eq!(names, ["client_id", "post_logout_redirect_uri", "state"]);
    let returned = open(&url).await.unwrap();
    assert_eq!(returned, format!("{RETURN_TO}?state={}", values(&url)["state"]));
    session.complete_logout(&returned).unwrap();
    // Fetched once.
    session.logout_url(&LogoutOptions::default()).await.unwrap();
    let documents = world.control().requests();
    let documents = documents
        .iter()
        .filter(|request| request.endpoint == Endpoint::Discovery);
    assert_eq!(documents.count(), 1);
}

#[tokio::test]
async fn what_an_issuer_does_not_understand_is_an_argument_to_fix() {
    let world = World::new().await;
    let federated = LogoutOptions {
        federated: true,
        ..LogoutOptions::default()
    };
    let nowhere = LogoutOptions {
        return_to: Some("/home".to_owned()),
        ..LogoutOptions::default()
    };
    for (configuration, options, name) in [
        (world.oidc_configuration(), federated, "federated"),
        (world.configuration(), nowhere, "return_to"),
    ] {
        let error = public(world.session_with(configuration).logout_url(&options).await);
        assert!(
            matches!(&error, SessionError::FixArgument { argument, .. } if argument == name),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn an_issuer_without_an_end_session_endpoint_says_so() {
    let world = World::new().await;
    let without = pilotlight_identity_server::Fault::answer_without(&["end_session_endpoint"]);
    world.control().fault(Endpoint::Discovery, without);
    let session = world.session_with(world.oidc_configuration());
    let error = public(session.logout_url(&LogoutOptions::default()).await);
    assert!(
        matches!(&error, SessionError::FixConfiguration { field, .. } if field == "end_session_endpoint"),
        "{error:?}"
    );
}

#[tokio::test]
async fn the_browsers_return_must_be_that_of_this_sign_out() {
    let world = World::new().await;
    let session = world.session_with(world.oidc_configuration());
    assert_foreign(&public(session.complete_logout(RETURN_TO)));
    let url = Url::parse(&session.logout_url(&returning()).await.unwrap()).unwrap();
    let state = &values(&url)["state"];
    for foreign in [
        RETURN_TO.to_owned(),
        format!("{RETURN_TO}?state=other"),
        format!("{RETURN_TO}?state="),
        format!("com.example.pilotlight://callback?state={state}"),
        format!("{RETURN_TO}?state={state}&state={state}"),
        "nowhere".to_owned(),
    ] {
        assert_foreign(&public(session.complete_logout(&foreign)));
    }
    // None of these returns has ended the sign-out.
    session.complete_logout(&open(&url).await.unwrap()).unwrap();
    assert_foreign(&public(session.complete_logout(&format!("{RETURN_TO}?state={state}"))));
}

#[tokio::test]
async fn a_newer_sign_out_of_the_browser_takes_the_place_of_an_older_one() {
    let world = World::new().await;
    let session = world.session_with(world.oidc_configuration());
    let mut returns = Vec::new();
    for _ in 0..2 {
        let url = Url::parse(&session.logout_url(&returning()).await.unwrap()).unwrap();
        returns.push(open(&url).await.unwrap());
    }
    assert_foreign(&public(session.complete_logout(&returns[0])));
    session.complete_logout(&returns[1]).unwrap();
}

#[tokio::test]
async fn the_id_token_is_sent_where_the_app_says_so_also_after_the_sign_out() {
    let world = World::new().await;
    let session = world.session_with(world.oidc_configuration());
    world.sign_in(&session, ADA).await;
    let (signed_in, _) = hint(&session).await;
    assert!(signed_in.is_some());
    session.sign_out().await;
    session.sign_out().await;
    let (signed_out, url) = hint(&session).await;
    assert_eq!(signed_out, signed_in);
    assert_eq!(values(&url)["logout_hint"], "ada@example.com");
    let plain = Url::parse(&session.logout_url(&returning()).await.unwrap()).unwrap();
    assert!(
        !values(&plain).contains_key("id_token_hint"),
        "only where it was asked for"
    );
    // The issuer accepts the hint, and the browser's return ends the sign-out.
    let (_, url) = hint(&session).await;
    session.complete_logout(&open(&url).await.unwrap()).unwrap();
    assert_eq!(hint(&session).await.0, None);
}

/// Otherwise a URL in the browser's history would name the wrong user.
#[tokio::test]
async fn the_hint_never_names_an_earlier_user() {
    let (world, app, extension, _folder) = app_and_extension().await;
    app.sign_out().await;
    assert!(hint(&app).await.0.is_some());
    // The issuer ends Grace's session.
    world.sign_in(&app, GRACE).await;
    world.control().revoke_user(GRACE);
    app.access_token(forced()).await.unwrap_err();
    assert_eq!(hint(&app).await.0, None);
    // Ada ends her session, and Grace's is in another process.
    world.sign_in(&app, ADA).await;
    app.sign_out().await;
    world.sign_in(&extension, GRACE).await;
    app.restore().await.unwrap();
    extension.sign_out().await;
    app.restore().await.unwrap();
    assert_eq!(app.state(), Some(SessionState::SignedOut));
    assert_eq!(hint(&app).await.0, None);
}

#[tokio::test]
async fn the_id_token_of_an_ended_session_is_kept_for_a_quarter_of_an_hour() {
    let world = World::new().await;
    let session = world.session_with(world.oidc_configuration());
    world.sign_in(&session, ADA).await;
    session.sign_out().await;
    world.clock.advance(15 * 60);
    assert_eq!(hint(&session).await.0, None);
}

#[tokio::test]
async fn a_parameter_that_says_where_to_return_takes_the_place_of_ours() {
    let world = World::new().await;
    let session = world.session_with(world.oidc_configuration());
    let cognito = LogoutOptions {
        parameters: HashMap::from([("logout_uri".to_owned(), RETURN_TO.to_owned())]),
        ..returning()
    };
    let url = Url::parse(&session.logout_url(&cognito).await.unwrap()).unwrap();
    let expected = "client_id=native-app&logout_uri=com.example.pilotlight%3A%2F%2Flogout";
    assert_eq!(url.query(), Some(expected));
    // No state was sent, so none is expected.
    session.complete_logout(RETURN_TO).unwrap();
    for name in ["state", "client_id", "id_token_hint"] {
        let own = LogoutOptions {
            parameters: HashMap::from([(name.to_owned(), "x".to_owned())]),
            ..returning()
        };
        let error = public(session.logout_url(&own).await);
        assert!(
            matches!(&error, SessionError::FixArgument { argument, .. } if argument == "parameters"),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_hint_that_cannot_be_sent_is_logged() {
    let world = World::new().await;
    let session = world.session_with(world.oidc_configuration());
    let warning = "there is no ID token to send";
    session.logout_url(&returning()).await.unwrap();
    assert!(!world.log.text().contains(warning), "none was asked for");
    world.sign_in(&session, ADA).await;
    assert!(hint(&session).await.0.is_some());
    assert!(!world.log.text().contains(warning));
    let nobody = World::new().await;
    let session = nobody.session_with(nobody.oidc_configuration());
    assert!(hint(&session).await.0.is_none());
    assert!(nobody.log.text().contains(warning));
}
