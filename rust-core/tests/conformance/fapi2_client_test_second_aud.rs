use crate::plan::{Module, Plan};
use crate::provider::Provider;
use pilotlight_identity_server::IdTokenFault;
use serde_json::json;

pub(crate) const MODULE: Module = Module {
    name: "fapi2-security-profile-final-client-test-invalid-secondary-aud",
    plans: &[Plan::Fapi2],
    expects: "Refuses an ID token with a second audience and no `azp`.",
    source: "OpenID Connect Core 1.0, 3.1.3.7, 3 and 4",
};

#[tokio::test]
async fn run() {
    let provider = Provider::start().await;
    provider.sends_id_token(IdTokenFault::new().claim("aud", json!(["native-app", "https://other.example/"])));
    provider.relying_party().refuses_to_sign_in("claim aud").await;
}
