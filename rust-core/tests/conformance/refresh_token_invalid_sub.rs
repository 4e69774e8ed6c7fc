use crate::plan::{Module, Plan};
use crate::provider::Provider;
use pilotlight_identity_server::IdTokenFault;
use serde_json::json;

pub(crate) const MODULE: Module = Module {
    name: "oidcc-client-test-refresh-token-invalid-sub",
    plans: &[Plan::Refresh],
    expects: "Refuses a renewed ID token of another user.",
    source: "OpenID Connect Core 1.0, 12.2",
};

#[tokio::test]
async fn run() {
    let provider = Provider::start().await;
    let party = provider.relying_party();
    party.is_signed_in().await;
    provider.sends_id_token(IdTokenFault::new().claim("sub", json!("https://other.example/")));
    let error = party.renew().await.unwrap_err();
    assert!(error.to_string().contains("sub"), "{error}");
    // The rotated refresh token is kept, the tokens beside it are not used.
    party.renews_after_the_cooldown().await;
}
