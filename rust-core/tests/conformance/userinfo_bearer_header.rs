use crate::plan::{Module, Plan};
use crate::provider::Provider;
use pilotlight_identity_server::Endpoint;

pub(crate) const MODULE: Module = Module {
    name: "oidcc-client-test-userinfo-bearer-header",
    plans: &[Plan::Comprehensive],
    expects: "Sends the access token to the userinfo endpoint in the header, with GET.",
    source: "OpenID Connect Core 1.0, 5.3.1; RFC 6750, 2.1",
};

#[tokio::test]
async fn run() {
    let provider = Provider::start().await;
    let party = provider.relying_party();
    party.is_signed_in().await;
    party.session.profile(true).await.unwrap();
    let requests = provider.control().requests();
    let request = requests
        .iter()
        .find(|request| request.endpoint == Endpoint::Userinfo)
        .unwrap();
    assert_eq!((request.method.as_str(), request.status), ("GET", Some(200)));
}
