use crate::plan::{Module, Plan};
use crate::provider::Provider;
use pilotlight_identity_server::{Endpoint, Fault};
use serde_json::json;

pub(crate) const MODULE: Module = Module {
    name: "oidcc-client-test-userinfo-invalid-sub",
    plans: &[Plan::Basic],
    expects: "Refuses a profile of another user, and keeps the session.",
    source: "OpenID Connect Core 1.0, 5.3.2",
};

#[tokio::test]
async fn run() {
    let provider = Provider::start().await;
    let party = provider.relying_party();
    party.is_signed_in().await;
    let other = Fault::answer(json!({ "sub": "somebody-else" }));
    provider.control().fault(Endpoint::Userinfo, other);
    party.session.profile(true).await.unwrap_err();
    assert_eq!(party.session.cached_profile(), None);
    party.renew().await.unwrap();
}
