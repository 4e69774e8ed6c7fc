use crate::plan::{Module, Plan};
use crate::provider::{Provider, with_parameter};

pub(crate) const MODULE: Module = Module {
    name: "fapi2-security-profile-final-client-test-ensure-authorization-response-with-invalid-missing-state-fails",
    plans: &[Plan::Fapi2],
    expects: "Refuses a callback without its `state`, and goes on waiting for the right one.",
    source: "RFC 6749, 10.12",
};

#[tokio::test]
async fn run() {
    let provider = Provider::start().await;
    let party = provider.relying_party();
    let callback = party.callback().await.unwrap();
    let without = with_parameter(&callback, "state", |_| None);
    party.session.complete_sign_in(without.as_str()).await.unwrap_err();
    party.has_no_session();
    party.session.complete_sign_in(&callback).await.unwrap();
}
