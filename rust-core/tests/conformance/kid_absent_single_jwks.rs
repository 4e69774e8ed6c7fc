use crate::plan::{Module, Plan};
use crate::provider::Provider;
use pilotlight_identity_server::IdTokenFault;
use serde_json::Value;

pub(crate) const MODULE: Module = Module {
    name: "oidcc-client-test-kid-absent-single-jwks",
    plans: &[Plan::Basic],
    expects: "Takes the only key for an ID token without `kid`.",
    source: "OpenID Connect Core 1.0, 10.1",
};

#[tokio::test]
async fn run() {
    let provider = Provider::start().await;
    let keys: Vec<_> = provider.keys().await.into_iter().map(without_kid).collect();
    assert_eq!(keys.len(), 1);
    provider.publishes(&keys);
    provider.sends_id_token(IdTokenFault::new().header("kid", Value::Null));
    provider.relying_party().is_signed_in().await;
}

pub(crate) fn without_kid(mut key: Value) -> Value {
    key.as_object_mut().unwrap().remove("kid");
    key
}
