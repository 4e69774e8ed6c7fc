use crate::plan::{Module, Plan};
use crate::provider::Provider;
use pilotlight_identity_server::{IdTokenFault, Signature};

pub(crate) const MODULE: Module = Module {
    name: "oidcc-client-test-idtoken-sig-none",
    plans: &[Plan::Basic, Plan::Config],
    expects: "Refuses an ID token that is not signed.",
    source: "OpenID Connect Core 1.0, 3.1.3.7, 7; RFC 8725, 3.2",
};

#[tokio::test]
async fn run() {
    let provider = Provider::start().await;
    provider.sends_id_token(IdTokenFault::new().signature(Signature::None));
    provider.relying_party().refuses_to_sign_in("algorithm").await;
}
