use crate::plan::{Module, Plan};
use crate::provider::Provider;
use pilotlight_identity_server::{IdTokenFault, Signature};

pub(crate) const MODULE: Module = Module {
    name: "oidcc-client-test-invalid-sig-rs256",
    plans: &[Plan::Basic],
    expects: "Refuses an ID token with a wrong RS256 signature.",
    source: "OpenID Connect Core 1.0, 3.1.3.7, 6",
};

#[tokio::test]
async fn run() {
    let provider = Provider::start().await;
    provider.sends_id_token(IdTokenFault::new().signature(Signature::Broken));
    provider.relying_party().refuses_to_sign_in("signature").await;
}
