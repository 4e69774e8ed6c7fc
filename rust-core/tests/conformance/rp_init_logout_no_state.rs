use crate::plan::{Module, Plan};
use crate::provider::Provider;

pub(crate) const MODULE: Module = Module {
    name: "oidcc-client-test-rp-init-logout-no-state",
    plans: &[Plan::Logout],
    expects: "Does not take a return with no state for the end of its sign-out.",
    source: "OpenID Connect RP-Initiated Logout 1.0, 3",
};

#[tokio::test]
async fn run() {
    let provider = Provider::start().await;
    let party = provider.relying_party();
    let mut url = party.signs_out_with_the_browser().await;
    url.set_query(None);
    let error = party.session.complete_logout(url.as_str()).unwrap_err();
    assert!(error.to_string().contains("sign-out"), "{error}");
    party.has_no_session();
}
