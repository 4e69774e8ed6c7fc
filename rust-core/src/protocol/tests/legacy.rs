//! Refusals of the endpoints of older Auth0 tenants.

use super::{NOW, answer, error, json};
use crate::protocol::error::ProtocolError;
use crate::protocol::legacy::delegation::{self, Shown};
use crate::protocol::legacy::{resource_owner, tokeninfo};
use crate::protocol::message::HttpAnswer;

fn words(failure: &ProtocolError) -> String {
    match failure {
        ProtocolError::Configuration { problem, .. } => problem.to_string(),
        ProtocolError::SignIn { description, .. } => description.to_string(),
        other => format!("{other:?}"),
    }
}

#[test]
fn what_switches_an_endpoint_on_is_named_with_its_grant() {
    let disabled = error(404, "endpoint_disabled", "Endpoint disabled");
    for (shown, grant) in [
        (Shown::RefreshToken, "legacy/grant-type/delegation/refresh_token"),
        (Shown::IdToken, "legacy/grant-type/delegation/id_token"),
    ] {
        let failure = delegation::read(&disabled, shown, NOW).unwrap_err();
        let said = words(&failure);
        assert!(
            said.contains(grant) && said.starts_with("endpoint_disabled: Endpoint disabled ("),
            "{said}"
        );
    }
    let said = words(&delegation::read(&error(404, "endpoint_disabled", ""), Shown::IdToken, NOW).unwrap_err());
    assert!(said.starts_with("endpoint_disabled (it works only"), "{said}");
    // The server's description may quote the password.
    let said = words(&resource_owner::read(&disabled, NOW).unwrap_err());
    assert!(
        said.starts_with("endpoint_disabled (") && said.contains("grant-type/ro"),
        "{said}"
    );
}

#[test]
fn passing_trouble_is_seen_behind_any_refusals_status() {
    let read = |answer: &HttpAnswer| delegation::read(answer, Shown::IdToken, NOW).unwrap_err();
    for status in [400, 403] {
        let failure = read(&error(status, "too_many_requests", ""));
        assert!(matches!(failure, ProtocolError::RateLimited { .. }), "{failure:?}");
        for code in ["temporarily_unavailable", "server_error"] {
            let failure = read(&error(status, code, ""));
            assert!(matches!(failure, ProtocolError::ServerFault { .. }), "{failure:?}");
        }
    }
    let failure = read(&json(403, "{}"));
    assert!(matches!(failure, ProtocolError::UnexpectedAnswer { .. }), "{failure:?}");
}

#[test]
fn a_password_that_is_refused_is_said_in_own_words() {
    for (code, said) in [
        ("invalid_user_password", "the user name or the password is wrong"),
        ("unauthorized", "the issuer does not let this user in"),
        ("password_leaked", "found in a leak"),
        ("other", "the issuer refused it"),
    ] {
        let failure = resource_owner::read(&error(401, code, "planted"), NOW).unwrap_err();
        let found = words(&failure);
        assert!(found.contains(said) && !found.contains("planted"), "{code}: {found}");
    }
    for (code, description, argument) in [
        ("invalid_request", "unknown connection", "connection"),
        ("invalid_request", "missing something", "parameters"),
    ] {
        match resource_owner::read(&error(400, code, description), NOW) {
            Err(ProtocolError::Argument(invalid)) => assert_eq!(invalid.name, argument),
            other => panic!("{other:?}"),
        }
    }
    let other = resource_owner::read(&error(401, "unauthorized", "no such connection"), NOW).unwrap_err();
    assert!(matches!(other, ProtocolError::SignIn { .. }), "{other:?}");
}

#[test]
fn an_id_token_is_refused_by_the_issuer_and_not_by_a_page() {
    for status in [400, 401, 403] {
        let refused = tokeninfo::read(&answer(status, "text/plain", "Unauthorized"), NOW).unwrap_err();
        assert!(matches!(refused, ProtocolError::Argument(_)), "{status}: {refused:?}");
        let page = tokeninfo::read(&answer(status, "text/html", "<p>no</p>"), NOW).unwrap_err();
        assert!(
            matches!(page, ProtocolError::UnexpectedAnswer { .. }),
            "{status}: {page:?}"
        );
    }
}
