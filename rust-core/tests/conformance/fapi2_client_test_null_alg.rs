use crate::plan::{Module, Plan};
use crate::provider::Provider;
use pilotlight_identity_server::IdTokenFault;

pub(crate) const MODULE: Module = Module {
    name: "fapi2-security-profile-final-client-test-invalid-null-alg",
    plans: &[Plan::Fapi2],
    expects: "Refuses an ID token whose header has no algorithm.",
    source: "RFC 7515, 4.1.1",
};

#[tokio::test]
async fn run() {
    let provider = Provider::start().await;
    provider.sends_id_token(IdTokenFault::new().header("alg", serde_json::Value::Null));
    provider
        .relying_party()
        .refuses_to_sign_in("the ID token was not accepted")
        .await;
}
