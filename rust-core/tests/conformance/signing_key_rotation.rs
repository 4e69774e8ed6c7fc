use crate::plan::{Module, Plan};
use crate::provider::Provider;
use pilotlight_identity_server::{Endpoint, OldKeys};

pub(crate) const MODULE: Module = Module {
    name: "oidcc-client-test-signing-key-rotation",
    plans: &[Plan::Config],
    expects: "Fetches the keys again when an ID token names an unknown one.",
    source: "OpenID Connect Core 1.0, 10.1.1",
};

#[tokio::test]
async fn run() {
    let provider = Provider::start().await;
    let party = provider.relying_party();
    party.is_signed_in().await;
    provider.control().rotate_keys(OldKeys::Withdraw);
    party.is_signed_in().await;
    assert_eq!(provider.control().seen(Endpoint::Jwks), 2);
}
