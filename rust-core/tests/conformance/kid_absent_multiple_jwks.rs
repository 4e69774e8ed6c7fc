use crate::kid_absent_single_jwks::without_kid;
use crate::plan::{Module, Plan};
use crate::provider::Provider;
use pilotlight_identity_server::{IdTokenFault, OldKeys};
use serde_json::Value;

pub(crate) const MODULE: Module = Module {
    name: "oidcc-client-test-kid-absent-multiple-jwks",
    plans: &[Plan::Basic],
    expects: "Tries every fitting key for an ID token without `kid`, or refuses it; here it tries them.",
    source: "OpenID Connect Core 1.0, 10.1",
};

#[tokio::test]
async fn run() {
    let provider = Provider::start().await;
    provider.keys().await;
    provider.control().rotate_keys(OldKeys::Keep);
    let keys: Vec<_> = provider.keys().await.into_iter().map(without_kid).collect();
    assert_eq!(keys.len(), 2);
    provider.publishes(&keys);
    provider.sends_id_token(IdTokenFault::new().header("kid", Value::Null));
    provider.relying_party().is_signed_in().await;
}
