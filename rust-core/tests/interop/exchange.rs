//! The session's access token, exchanged for one of an API (RFC 8693), at a provider with this grant.

use pilotlight_core::ffi::SessionError;
use pilotlight_core::model::audience::Audience;
use pilotlight_core::protocol::exchanged_token::{OwnToken, TokenExchange};
use pilotlight_test_browser::ServerKind;
use serde_json::json;

use crate::support::{ANY, NEW, World, claims_of, error_of, five_minutes, subject_of};

const API: &str = "https://api.example.com/";

fn exchange(identifier: &str, scope: &str) -> TokenExchange {
    TokenExchange::of(Audience::parse(identifier.to_owned(), vec![scope.to_owned()]).unwrap())
}

#[tokio::test]
async fn an_access_token_becomes_one_for_an_api_and_the_session_goes_on() {
    let world = World::start(ServerKind::OidcProvider, five_minutes()).await;
    let app = world.launch();
    world.sign_in(&app).await;
    let session = &app.session;
    let own = session.access_token(ANY).await.unwrap();
    let reports = exchange(API, "read:reports");
    let token = session.exchange(reports.clone(), ANY).await.unwrap();
    let claims = claims_of(token.expose());
    assert_eq!(
        (&claims["aud"], &claims["scope"]),
        (&json!(API), &json!("read:reports"))
    );
    assert_eq!(claims["sub"], json!(subject_of(session.state())));
    assert_eq!(
        session.exchange(reports.clone(), ANY).await.unwrap(),
        token,
        "from memory"
    );
    assert_ne!(session.exchange(reports.clone(), NEW).await.unwrap(), token);
    assert_eq!(session.access_token(ANY).await.unwrap(), own);

    for (refused, field) in [
        (exchange("https://nowhere.example.com/", "x"), "audience"),
        (exchange(API, "read:nothing"), "scopes"),
        (
            TokenExchange {
                subject: OwnToken::IdToken,
                ..exchange(API, "read:reports")
            },
            "client_id",
        ),
    ] {
        match error_of(session.exchange(refused, ANY).await) {
            SessionError::FixConfiguration { field: found, .. } => assert_eq!(found, field),
            error => panic!("{error:?}"),
        }
    }
    session.access_token(NEW).await.unwrap();
    session.profile(true).await.unwrap();
    session.exchange(reports, NEW).await.unwrap();
}
