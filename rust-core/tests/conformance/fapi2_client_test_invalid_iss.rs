use crate::plan::{Module, Plan};
use crate::provider::{Provider, with_parameter};
use pilotlight_identity_server::Endpoint;

pub(crate) const MODULE: Module = Module {
    name: "fapi2-security-profile-final-client-test-invalid-authorization-response-iss",
    plans: &[Plan::Fapi2],
    expects: "Refuses a callback with the `iss` of another issuer.",
    source: "RFC 9207, 2.4",
};

#[tokio::test]
async fn run() {
    let provider = Provider::start().await;
    let party = provider.relying_party();
    let callback = party.callback().await.unwrap();
    let other = with_parameter(&callback, "iss", |_| Some("https://other.example/".to_owned()));
    let error = party.session.complete_sign_in(other.as_str()).await.unwrap_err();
    assert!(error.to_string().contains("issuer"), "{error}");
    party.has_no_session();
    assert_eq!(provider.control().seen(Endpoint::Token), 0);
}
