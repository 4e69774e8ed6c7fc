use crate::plan::{Module, Plan};
use crate::provider::{Provider, with_parameter};
use pilotlight_identity_server::Endpoint;

pub(crate) const MODULE: Module = Module {
    name: "fapi2-security-profile-final-client-test-ensure-authorization-response-with-invalid-state-fails",
    plans: &[Plan::Fapi2],
    expects: "Refuses a callback with another `state`, and goes on waiting for the right one.",
    source: "RFC 6749, 10.12",
};

#[tokio::test]
async fn run() {
    let provider = Provider::start().await;
    let party = provider.relying_party();
    let callback = party.callback().await.unwrap();
    let other = with_parameter(&callback, "state", |value| Some(format!("{value}a")));
    party.session.complete_sign_in(other.as_str()).await.unwrap_err();
    party.has_no_session();
    assert_eq!(provider.control().seen(Endpoint::Token), 0);
    party.session.complete_sign_in(&callback).await.unwrap();
}
