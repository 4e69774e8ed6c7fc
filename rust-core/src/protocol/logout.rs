//! Signing the browser out at the issuer: Auth0's `/v2/logout` (Auth0: "Log Users Out of Auth0"), or the end-session
//! endpoint (OpenID Connect RP-Initiated Logout 1.0).

use url::Url;

use super::discovery::IssuerMetadata;
use crate::model::configuration::{Configuration, IssuerUrl};
use crate::model::invalid::InvalidValue;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::error::ProtocolError;

/// Where the browser goes when it is signed out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogoutOptions {
    /// One of the URLs that are registered for the client; without one the issuer shows a page of its own.
    pub return_to: Option<String>,
    /// Also at the identity provider that the user signed in with at Auth0 (`federated`).
    pub federated: bool,
}

/// The URL to open in the browser. It carries no `id_token_hint`, because ID tokens do not belong into URLs: some issuers
/// ask the user to confirm therefore (RP-Initiated Logout 1.0, 2).
///
/// # Errors
/// [`ProtocolError::Argument`] for a `return_to` that is no URL, and for `federated` where the issuer is not Auth0;
/// [`ProtocolError::Configuration`] for an issuer without an end-session endpoint.
pub fn logout_url(
    metadata: &IssuerMetadata,
    configuration: &Configuration,
    options: &LogoutOptions,
) -> Result<Url, ProtocolError> {
    let is_auth0 = matches!(configuration.issuer, IssuerUrl::Auth0(_));
    if options.federated && !is_auth0 {
        return Err(wrong("federated", "is understood by Auth0 only"));
    }
    let return_to = options.return_to.as_deref();
    if return_to.is_some_and(|url| Url::parse(url).is_err()) {
        return Err(wrong("return_to", "is not an absolute URL"));
    }
    let no_endpoint = || ProtocolError::Configuration {
        server: Endpoint::DISCOVERY.into(),
        field: "end_session_endpoint",
        problem: "the issuer has no end-session endpoint: its session in the browser ends by itself only".into(),
    };
    let mut url = metadata.end_session_endpoint.clone().ok_or_else(no_endpoint)?;
    let mut query = url.query_pairs_mut();
    query.append_pair("client_id", &configuration.client_id);
    if let Some(return_to) = return_to {
        query.append_pair(
            if is_auth0 {
                "returnTo"
            } else {
                "post_logout_redirect_uri"
            },
            return_to,
        );
    }
    if options.federated {
        query.append_key_only("federated");
    }
    drop(query);
    Ok(url)
}

fn wrong(name: &'static str, problem: &str) -> ProtocolError {
    ProtocolError::Argument(InvalidValue {
        name,
        problem: problem.to_owned(),
    })
}
