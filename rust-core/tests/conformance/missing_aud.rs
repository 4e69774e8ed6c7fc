use crate::plan::{Module, Plan};
use crate::provider::Provider;
use pilotlight_identity_server::IdTokenFault;

pub(crate) const MODULE: Module = Module {
    name: "oidcc-client-test-missing-aud",
    plans: &[Plan::Comprehensive],
    expects: "Refuses an ID token without `aud`.",
    source: "OpenID Connect Core 1.0, 2",
};

#[tokio::test]
async fn run() {
    let provider = Provider::start().await;
    provider.sends_id_token(IdTokenFault::new().without("aud"));
    provider.relying_party().refuses_to_sign_in("aud").await;
}
