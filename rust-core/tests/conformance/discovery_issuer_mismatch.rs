use crate::plan::{Module, Plan};
use crate::provider::Provider;
use pilotlight_identity_server::{Endpoint, Fault};
use serde_json::json;

pub(crate) const MODULE: Module = Module {
    name: "oidcc-client-test-discovery-issuer-mismatch",
    plans: &[Plan::Config],
    expects: "Refuses the discovery document of another issuer.",
    source: "OpenID Connect Discovery 1.0, 4.3",
};

#[tokio::test]
async fn run() {
    let provider = Provider::start().await;
    let other = Fault::answer(json!({ "issuer": "https://other.example/" }));
    provider.control().fault(Endpoint::Discovery, other.for_ever());
    let party = provider.relying_party();
    party.refuses_to_sign_in("issuer").await;
    assert_eq!(provider.control().seen(Endpoint::Authorize), 0);
}
