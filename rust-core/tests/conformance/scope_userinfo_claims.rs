use crate::plan::{Module, Plan};
use crate::provider::Provider;
use pilotlight_core::session::SignInOptions;
use url::Url;

pub(crate) const MODULE: Module = Module {
    name: "oidcc-client-test-scope-userinfo-claims",
    plans: &[Plan::Basic],
    expects: "Asks for claims by scopes and reads them from the userinfo endpoint.",
    source: "OpenID Connect Core 1.0, 5.4",
};

#[tokio::test]
async fn run() {
    let provider = Provider::start().await;
    let party = provider.relying_party();
    let request = party.session.begin_sign_in(SignInOptions::default()).await.unwrap();
    let url = Url::parse(&request.url).unwrap();
    let scope = url
        .query_pairs()
        .find(|(name, _)| name == "scope")
        .unwrap()
        .1
        .into_owned();
    assert_eq!(scope, "openid profile email address phone offline_access");
    party.is_signed_in().await;
    let profile = party.session.profile(true).await.unwrap();
    assert!(profile.name.is_some() && profile.email.is_some());
}
