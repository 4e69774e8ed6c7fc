use crate::plan::{Module, Plan};
use crate::provider::Provider;

pub(crate) const MODULE: Module = Module {
    name: "oidcc-client-test-refresh-token",
    plans: &[Plan::Refresh],
    expects: "Renews the access token with the refresh token.",
    source: "OpenID Connect Core 1.0, 12",
};

#[tokio::test]
async fn run() {
    let provider = Provider::start().await;
    let party = provider.relying_party();
    party.is_signed_in().await;
    let first = party.renew().await.unwrap();
    let second = party.renew().await.unwrap();
    assert_ne!(first, second);
}
