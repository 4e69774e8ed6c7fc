use crate::plan::{Module, Plan};
use crate::provider::Provider;
use pilotlight_identity_server::{Endpoint, Fault};
use serde_json::json;

pub(crate) const MODULE: Module = Module {
    name: "oidcc-client-test-aggregated-claims",
    plans: &[Plan::Comprehensive],
    expects: "Takes a profile with aggregated claims, and leaves their JWT to the app.",
    source: "OpenID Connect Core 1.0, 5.6.2.1",
};

#[tokio::test]
async fn run() {
    let provider = Provider::start().await;
    let party = provider.relying_party();
    party.is_signed_in().await;
    let claims =
        json!({ "_claim_names": { "eye_color": "src1" }, "_claim_sources": { "src1": { "JWT": "e30.e30." } } });
    provider
        .control()
        .fault(Endpoint::Userinfo, Fault::answer(claims.clone()));
    let profile = party.session.profile(true).await.unwrap();
    assert_eq!(profile.other_claims.0["_claim_sources"], claims["_claim_sources"]);
    assert!(!profile.other_claims.0.contains_key("eye_color"));
}
