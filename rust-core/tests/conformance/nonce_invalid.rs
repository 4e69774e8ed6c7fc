use crate::plan::{Module, Plan};
use crate::provider::Provider;
use pilotlight_identity_server::IdTokenFault;
use serde_json::json;

pub(crate) const MODULE: Module = Module {
    name: "oidcc-client-test-nonce-invalid",
    plans: &[Plan::Basic],
    expects: "Refuses an ID token with another nonce than it sent.",
    source: "OpenID Connect Core 1.0, 3.1.3.7, 11",
};

#[tokio::test]
async fn run() {
    let provider = Provider::start().await;
    provider.sends_id_token(IdTokenFault::new().claim("nonce", json!("another")));
    provider.relying_party().refuses_to_sign_in("nonce").await;
}
