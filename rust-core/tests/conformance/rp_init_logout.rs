use crate::plan::{Module, Plan};
use crate::provider::Provider;

pub(crate) const MODULE: Module = Module {
    name: "oidcc-client-test-rp-init-logout",
    plans: &[Plan::Logout],
    expects: "Opens the end-session endpoint with its client, a registered return URL, the ID token and a state, and takes the return.",
    source: "OpenID Connect RP-Initiated Logout 1.0, 2",
};

#[tokio::test]
async fn run() {
    let provider = Provider::start().await;
    let party = provider.relying_party();
    let returned = party.signs_out_with_the_browser().await;
    party.session.complete_logout(returned.as_str()).unwrap();
    party.has_no_session();
}
