use crate::plan::{Module, Plan};
use crate::provider::Provider;
use pilotlight_identity_server::{Endpoint, Fault};
use serde_json::json;

pub(crate) const MODULE: Module = Module {
    name: "fapi2-security-profile-final-client-test-remove-authorization-response-iss",
    plans: &[Plan::Fapi2],
    expects: "Refuses a callback without `iss` where the issuer promises it.",
    source: "RFC 9207, 2.4",
};

#[tokio::test]
async fn run() {
    let provider = Provider::start().await;
    let promised = Fault::answer(json!({ "authorization_response_iss_parameter_supported": true }));
    provider.control().fault(Endpoint::Discovery, promised.for_ever());
    provider
        .control()
        .change(|settings| settings.iss_in_authorization_response = false);
    provider.relying_party().refuses_to_sign_in("issuer").await;
    assert_eq!(provider.control().seen(Endpoint::Token), 0);
}
