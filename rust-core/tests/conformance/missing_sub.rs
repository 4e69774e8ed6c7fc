use crate::plan::{Module, Plan};
use crate::provider::Provider;
use pilotlight_identity_server::IdTokenFault;

pub(crate) const MODULE: Module = Module {
    name: "oidcc-client-test-missing-sub",
    plans: &[Plan::Basic],
    expects: "Refuses an ID token without `sub`.",
    source: "OpenID Connect Core 1.0, 2",
};

#[tokio::test]
async fn run() {
    let provider = Provider::start().await;
    provider.sends_id_token(IdTokenFault::new().without("sub"));
    provider.relying_party().refuses_to_sign_in("sub").await;
}
