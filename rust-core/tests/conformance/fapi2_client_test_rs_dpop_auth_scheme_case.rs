use crate::plan::{Module, Plan};
use crate::provider::Provider;
use pilotlight_identity_server::{Endpoint, Fault};

pub(crate) const MODULE: Module = Module {
    name: "fapi2-security-profile-final-client-test-rs-dpop-auth-scheme-case-insensitivity",
    plans: &[Plan::Fapi2],
    expects: "Sends the request to a resource again with its nonce where the challenge writes the scheme in another case.",
    source: "RFC 9110, 11.1; RFC 9449, 9",
};

#[tokio::test]
async fn run() {
    let provider = Provider::fapi2(false).await;
    let party = provider.fapi2_relying_party();
    party.is_signed_in().await;
    let wants = Fault::status(401).header("dpop-nonce", "another");
    let wants = wants.header("www-authenticate", "dPoP error=\"use_dpop_nonce\"");
    provider.control().fault(Endpoint::Userinfo, wants);
    party.gets_the_resource().await;
    assert_eq!(provider.statuses(Endpoint::Userinfo), [401, 200]);
}
