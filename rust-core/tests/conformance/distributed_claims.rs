use crate::plan::{Module, Plan};
use crate::provider::Provider;
use pilotlight_identity_server::{Endpoint, Fault};
use serde_json::json;

pub(crate) const MODULE: Module = Module {
    name: "oidcc-client-test-distributed-claims",
    plans: &[Plan::Comprehensive],
    expects: "Takes a profile with distributed claims, sends nothing to their source, and leaves it to the app.",
    source: "OpenID Connect Core 1.0, 5.6.2.2",
};

#[tokio::test]
async fn run() {
    let provider = Provider::start().await;
    let party = provider.relying_party();
    party.is_signed_in().await;
    let source = json!({ "endpoint": format!("{}userinfo", provider.server.issuer()), "access_token": "t" });
    let claims = json!({ "_claim_names": { "age": "src1" }, "_claim_sources": { "src1": source } });
    provider
        .control()
        .fault(Endpoint::Userinfo, Fault::answer(claims.clone()));
    let profile = party.session.profile(true).await.unwrap();
    assert_eq!(profile.other_claims.0["_claim_sources"], claims["_claim_sources"]);
    assert_eq!(provider.control().seen(Endpoint::Userinfo), 1);
}
