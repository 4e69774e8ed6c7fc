use crate::plan::{Module, Plan};
use crate::provider::Provider;
use pilotlight_core::model::state::SessionState;
use pilotlight_identity_server::{Endpoint, Fault, OldKeys};

pub(crate) const MODULE: Module = Module {
    name: "oidcc-client-test-signing-key-rotation-just-before-signing",
    plans: &[Plan::Config],
    expects: "The same, where the keys were fetched a moment before the rotation.",
    source: "OpenID Connect Core 1.0, 10.1.1",
};

#[tokio::test]
async fn run() {
    let provider = Provider::start().await;
    let party = provider.relying_party();
    // The relying party fetches the keys before it sends the code; the provider rotates in between.
    provider.control().fault(Endpoint::Token, Fault::hold());
    let callback = party.callback().await.unwrap();
    let signing_in = party.session.complete_sign_in(&callback);
    let rotating = async {
        provider.control().wait_for_held(Endpoint::Token, 1).await;
        assert_eq!(provider.control().seen(Endpoint::Jwks), 1);
        provider.control().rotate_keys(OldKeys::Withdraw);
        provider.control().release(Endpoint::Token);
    };
    let (state, ()) = tokio::join!(signing_in, rotating);
    assert!(matches!(state, Ok(SessionState::SignedIn { .. })), "{state:?}");
    assert_eq!(provider.control().seen(Endpoint::Jwks), 2);
}
