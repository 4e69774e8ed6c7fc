//! Signing the browser out at the issuer.

use pilotlight_core::ffi::SessionError;
use pilotlight_core::model::configuration::SessionConfiguration;
use pilotlight_core::protocol::logout::LogoutOptions;
use pilotlight_identity_server::Endpoint;
use pilotlight_test_browser::plain_http_client;
use url::Url;

use crate::world::{World, public};

const RETURN_TO: &str = "com.example.pilotlight://logout";

async fn logout_url(world: &World, configuration: SessionConfiguration, options: &LogoutOptions) -> Url {
    let url = world.session_with(configuration).logout_url(options).await.unwrap();
    Url::parse(&url).unwrap()
}

fn returning() -> LogoutOptions {
    LogoutOptions {
        return_to: Some(RETURN_TO.to_owned()),
        federated: false,
    }
}

/// Where the issuer leads the browser.
async fn open(url: &Url) -> Option<String> {
    let browser = plain_http_client()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let answer = browser.get(url.as_str()).send().await.unwrap();
    let address = answer.headers().get("location")?.to_str().unwrap();
    Some(address.to_owned())
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
async fn any_other_issuer_has_an_end_session_endpoint_and_gets_no_id_token() {
    let world = World::new().await;
    let session = world.session_with(world.oidc_configuration());
    let url = session.logout_url(&returning()).await.unwrap();
    let url = Url::parse(&url).unwrap();
    let names: Vec<_> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
    assert_eq!(names, ["client_id", "post_logout_redirect_uri"]);
    assert_eq!(open(&url).await.as_deref(), Some(RETURN_TO));
    // Asked for once.
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
        federated: false,
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
