use crate::plan::{Module, Plan};
use crate::provider::Provider;
use pilotlight_identity_server::{Endpoint, Fault};

pub(crate) const MODULE: Module = Module {
    name: "fapi2-security-profile-final-client-test-happy-path",
    plans: &[Plan::Fapi2],
    expects: "Pushes its request, shows its key with a nonce at the token endpoint and at the resource, and asks once for each.",
    source: "FAPI 2.0 Security Profile, 5.3.2.1 and 5.3.4; RFC 9449, 8 and 9",
};

#[tokio::test]
async fn run() {
    let provider = Provider::fapi2(true).await;
    let party = provider.fapi2_relying_party();
    party.is_signed_in().await;
    assert_eq!(provider.statuses(Endpoint::PushedAuthorization), [201]);
    assert_eq!(
        provider.statuses(Endpoint::Token),
        [400, 200],
        "use_dpop_nonce, and the code with it"
    );
    // Resource servers have separate nonces.
    let wants = Fault::oauth_error(401, "use_dpop_nonce", "").header("dpop-nonce", "another");
    let wants = wants.header("www-authenticate", "DPoP error=\"use_dpop_nonce\"");
    provider.control().fault(Endpoint::Userinfo, wants);
    provider
        .control()
        .change(|settings| settings.dpop_nonce_lifetime = None);
    party.gets_the_resource().await;
    assert_eq!(provider.statuses(Endpoint::Userinfo), [401, 200]);
}
