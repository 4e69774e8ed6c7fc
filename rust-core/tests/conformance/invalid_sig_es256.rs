use crate::plan::{Module, Plan};
use crate::provider::Provider;
use pilotlight_identity_server::{Algorithm, IdTokenFault, Options, Signature};

pub(crate) const MODULE: Module = Module {
    name: "oidcc-client-test-invalid-sig-es256",
    plans: &[Plan::Comprehensive],
    expects: "Refuses an ID token with a wrong ES256 signature.",
    source: "OpenID Connect Core 1.0, 3.1.3.7, 6",
};

#[tokio::test]
async fn run() {
    let provider = Provider::with(Options::default().with(|settings| settings.algorithm = Algorithm::ES256)).await;
    provider.sends_id_token(IdTokenFault::new().signature(Signature::Broken));
    provider.relying_party().refuses_to_sign_in("signature").await;
}
