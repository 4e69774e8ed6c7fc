use crate::plan::{Module, Plan};
use crate::provider::Provider;
use pilotlight_identity_server::Endpoint;

pub(crate) const MODULE: Module = Module {
    name: "fapi2-security-profile-final-client-test-happy-path-no-dpop-nonce",
    plans: &[Plan::Fapi2],
    expects: "The same where the provider wants no nonces: nothing is asked for twice.",
    source: "FAPI 2.0 Security Profile, 5.3.4; RFC 9449, 4",
};

#[tokio::test]
async fn run() {
    let provider = Provider::fapi2(false).await;
    let party = provider.fapi2_relying_party();
    party.is_signed_in().await;
    party.gets_the_resource().await;
    assert_eq!(provider.statuses(Endpoint::Token), [200]);
    assert_eq!(provider.statuses(Endpoint::Userinfo), [200]);
}
