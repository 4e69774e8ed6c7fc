use crate::plan::{Module, Plan};
use crate::provider::Provider;
use pilotlight_identity_server::Endpoint;

pub(crate) const MODULE: Module = Module {
    name: "oidcc-client-test-discovery-openid-config",
    plans: &[Plan::Config],
    expects: "Reads the endpoints from the discovery document.",
    source: "OpenID Connect Discovery 1.0, 4",
};

#[tokio::test]
async fn run() {
    let provider = Provider::start().await;
    provider.relying_party().is_signed_in().await;
    assert_eq!(provider.control().seen(Endpoint::Discovery), 1);
}
