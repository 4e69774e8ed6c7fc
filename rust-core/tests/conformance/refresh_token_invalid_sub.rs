use crate::plan::{Module, Plan};
use crate::provider::Provider;

pub(crate) const MODULE: Module = Module {
    name: "oidcc-client-test-refresh-token-invalid-sub",
    plans: &[Plan::Refresh],
    expects: "Refuses a renewed ID token of another user.",
    source: "OpenID Connect Core 1.0, 12.2",
};

#[tokio::test]
async fn run() {
    let provider = Provider::start().await;
    provider.relying_party().refuses_a_renewal_with("sub").await;
}
