use crate::plan::{Module, Plan};
use crate::provider::Provider;
use pilotlight_identity_server::Endpoint;
use url::Url;

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
    let mut other = Url::parse(&callback).unwrap();
    let changed: Vec<_> = other
        .query_pairs()
        .into_owned()
        .map(|(name, value)| match name.as_str() {
            "state" => (name, format!("{value}a")),
            _ => (name, value),
        })
        .collect();
    other.query_pairs_mut().clear().extend_pairs(changed);
    party.session.complete_sign_in(other.as_str()).await.unwrap_err();
    party.has_no_session();
    assert_eq!(provider.control().seen(Endpoint::Token), 0);
    party.session.complete_sign_in(&callback).await.unwrap();
}
