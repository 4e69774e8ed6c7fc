use crate::plan::{Module, Plan};
use crate::provider::Provider;
use pilotlight_identity_server::Endpoint;

pub(crate) const MODULE: Module = Module {
    name: "oidcc-client-test-discovery-jwks-uri-keys",
    plans: &[Plan::Config],
    expects: "Fetches the keys from the announced `jwks_uri`.",
    source: "OpenID Connect Discovery 1.0, 3",
};

#[tokio::test]
async fn run() {
    let provider = Provider::start().await;
    provider.relying_party().is_signed_in().await;
    assert_eq!(provider.control().seen(Endpoint::Jwks), 1);
}
