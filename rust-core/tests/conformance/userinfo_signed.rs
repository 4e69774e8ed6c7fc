use crate::plan::{Module, Plan};
use crate::provider::Provider;
use pilotlight_identity_server::Options;

pub(crate) const MODULE: Module = Module {
    name: "oidcc-client-test-userinfo-signed",
    plans: &[Plan::Comprehensive],
    expects: "Verifies a signed userinfo answer.",
    source: "OpenID Connect Core 1.0, 5.3.2",
};

#[tokio::test]
async fn run() {
    let options = Options::default().with(|settings| settings.userinfo_jwt = true);
    let provider = Provider::with(options).await;
    let party = provider.relying_party();
    party.is_signed_in().await;
    let profile = party.session.profile(true).await.unwrap();
    assert_eq!(profile.email.as_deref(), Some("ada@example.com"));
}
