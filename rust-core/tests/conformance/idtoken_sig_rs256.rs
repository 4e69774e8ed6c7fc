use crate::plan::{Module, Plan};
use crate::provider::Provider;

pub(crate) const MODULE: Module = Module {
    name: "oidcc-client-test-idtoken-sig-rs256",
    plans: &[Plan::Basic],
    expects: "Verifies an ID token signed with RS256.",
    source: "OpenID Connect Core 1.0, 3.1.3.7, 6 and 7",
};

#[tokio::test]
async fn run() {
    let provider = Provider::start().await;
    assert_eq!(provider.keys().await[0]["alg"], "RS256");
    provider.relying_party().is_signed_in().await;
}
