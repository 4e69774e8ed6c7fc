use crate::plan::{Module, Plan};
use crate::provider::Provider;
use pilotlight_identity_server::{Endpoint, Fault};
use serde_json::json;

pub(crate) const MODULE: Module = Module {
    name: "fapi2-security-profile-final-client-test-token-type-case-insensitivity",
    plans: &[Plan::Fapi2],
    expects: "Takes a `token_type` in another case.",
    source: "RFC 6749, 5.1",
};

#[tokio::test]
async fn run() {
    let provider = Provider::fapi2(false).await;
    let odd = Fault::answer(json!({ "token_type": "dpOp" }));
    provider.control().fault(Endpoint::Token, odd);
    let party = provider.fapi2_relying_party();
    party.is_signed_in().await;
    party.gets_the_resource().await;
}
