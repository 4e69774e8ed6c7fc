use crate::plan::{Module, Plan};
use crate::provider::Provider;

pub(crate) const MODULE: Module = Module {
    name: "oidcc-client-test",
    plans: &[Plan::Basic, Plan::Config],
    expects: "Signs in with a code and gets the profile.",
    source: "OpenID Connect Core 1.0, 3.1",
};

#[tokio::test]
async fn run() {
    let provider = Provider::start().await;
    let party = provider.relying_party();
    party.is_signed_in().await;
    let profile = party.session.profile(true).await.unwrap();
    assert_eq!(profile.email.as_deref(), Some("ada@example.com"));
}
