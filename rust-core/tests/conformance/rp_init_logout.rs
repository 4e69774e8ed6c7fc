use crate::plan::{Module, Plan};
use crate::provider::Provider;
use std::collections::HashMap;

use pilotlight_core::protocol::logout::LogoutOptions;
use url::Url;

pub(crate) const MODULE: Module = Module {
    name: "oidcc-client-test-rp-init-logout",
    plans: &[Plan::Logout],
    expects: "Opens the end-session endpoint with its client and a registered return URL.",
    source: "OpenID Connect RP-Initiated Logout 1.0, 2",
};

#[tokio::test]
async fn run() {
    let provider = Provider::start().await;
    let party = provider.relying_party();
    party.is_signed_in().await;
    party.session.sign_out().await;
    let options = LogoutOptions {
        return_to: Some("com.example.pilotlight://logout".to_owned()),
        ..LogoutOptions::default()
    };
    let url = Url::parse(&party.session.logout_url(&options).await.unwrap()).unwrap();
    assert!(url.as_str().starts_with(provider.server.issuer()));
    let query: HashMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!(query["client_id"], "native-app");
    assert_eq!(query["post_logout_redirect_uri"], "com.example.pilotlight://logout");
    party.has_no_session();
}
