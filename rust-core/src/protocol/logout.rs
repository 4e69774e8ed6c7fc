//! Signing the browser out at the issuer: Auth0's `/v2/logout` (Auth0: "Log Users Out of Auth0"), or the end-session
//! endpoint (OpenID Connect RP-Initiated Logout 1.0). Also checks the URL that the browser returns with.

use std::collections::HashMap;
use std::fmt;

use url::Url;

use super::authorization::{is_at, parameter};
use super::discovery::IssuerMetadata;
use super::token::pairs;
use crate::model::configuration::{Configuration, IssuerUrl, parse_authorize_parameters};
use crate::model::invalid::{InvalidValue, quoted};
use crate::model::secret::Secret;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::error::ProtocolError;
use crate::protocol::query::add_parameters;

const STANDARD_RETURN: &str = "post_logout_redirect_uri";
/// The issuers' parameter names for the URL to return to: the standard's, Auth0's, and Amazon Cognito's ("Logout
/// endpoint").
const RETURNS: [&str; 3] = [STANDARD_RETURN, "returnTo", "logout_uri"];

/// How the browser is signed out.
#[derive(Clone, Default, PartialEq, Eq, uniffi::Record)]
pub struct LogoutOptions {
    /// Where the browser returns to: one of the URLs that are registered for the client. Without one, the issuer shows
    /// its own page.
    #[uniffi(default = None)]
    pub return_to: Option<String>,
    /// Whether to sign out also at the identity provider that the user signed in with at Auth0 (`federated`).
    #[uniffi(default = false)]
    pub federated: bool,
    /// Whether to send the session's last ID token as `id_token_hint`. Without it, some issuers ask the user to
    /// confirm, or refuse to redirect back. It contains what the issuer knows about the user, and stays in the
    /// browser's history.
    #[uniffi(default = false)]
    pub sends_id_token_hint: bool,
    /// `logout_hint`: the email address or name of the user to sign out.
    #[uniffi(default = None)]
    pub logout_hint: Option<String>,
    /// Further parameters. One that names where to return to replaces Pilotlight's own.
    #[uniffi(default)]
    pub parameters: HashMap<String, String>,
}

/// The values that bind one sign-out of the browser to the session that has ended.
#[derive(Clone, Debug)]
pub struct LogoutSecrets {
    /// Binds the browser's return to this sign-out.
    pub state: Secret,
    /// The ID token to send, if one is to be sent.
    pub id_token_hint: Option<Secret>,
}

/// A sign-out of the browser.
#[derive(Clone, Debug)]
pub struct Logout {
    /// The URL to open in the browser.
    pub url: Url,
    /// Whether an issuer that follows the standard repeats `state` when the browser returns.
    pub expects_state: bool,
}

/// The URL to open in the browser.
///
/// # Errors
/// [`ProtocolError::Argument`] for a `return_to` that is not a URL, for `federated` if the issuer is not Auth0, and for
/// parameters that Pilotlight sets itself; [`ProtocolError::Configuration`] for an issuer without an end-session
/// endpoint.
pub fn logout(
    metadata: &IssuerMetadata,
    configuration: &Configuration,
    options: &LogoutOptions,
    secrets: &LogoutSecrets,
) -> Result<Logout, ProtocolError> {
    let is_auth0 = matches!(configuration.issuer, IssuerUrl::Auth0(_));
    if options.federated && !is_auth0 {
        return Err(wrong("federated", "is understood by Auth0 only"));
    }
    let parameters =
        parse_authorize_parameters("parameters", options.parameters.clone()).map_err(ProtocolError::Argument)?;
    if parameters.iter().any(|(name, _)| name == "id_token_hint") {
        return Err(wrong(
            "parameters",
            "sets \"id_token_hint\"; choose sends_id_token_hint instead",
        ));
    }
    let names_return = parameters.iter().any(|(name, _)| RETURNS.contains(&name.as_str()));
    let return_to = options.return_to.as_deref();
    if return_to.is_some_and(|url| Url::parse(url).is_err()) {
        return Err(wrong("return_to", "is not an absolute URL"));
    }
    let return_to = return_to
        .filter(|_| !names_return)
        .map(|url| (return_name(&configuration.issuer), url));
    let expects_state = return_to.is_some_and(|(name, _)| name == STANDARD_RETURN);
    let no_endpoint = || ProtocolError::Configuration {
        server: Endpoint::DISCOVERY.into(),
        field: "end_session_endpoint",
        problem: "the issuer has no end-session endpoint, so the browser session cannot be ended".into(),
    };
    let mut url = metadata.end_session_endpoint.clone().ok_or_else(no_endpoint)?;
    let hint = secrets
        .id_token_hint
        .as_ref()
        .map(|token| ("id_token_hint", token.expose()));
    let logout_hint = options.logout_hint.as_deref().map(|hint| ("logout_hint", hint));
    let state = expects_state.then(|| ("state", secrets.state.expose()));
    // The option takes precedence: no parameter is sent twice.
    let others = pairs(&parameters).filter(|(name, _)| *name != "logout_hint" || options.logout_hint.is_none());
    let own = [("client_id", configuration.client_id.as_str())];
    let optional = return_to.into_iter().chain(state).chain(hint).chain(logout_hint);
    add_parameters(&mut url, own.into_iter().chain(optional).chain(others));
    if options.federated {
        url.query_pairs_mut().append_key_only("federated");
    }
    Ok(Logout { url, expects_state })
}

/// Checks the URL that the browser returned with. It must be at `return_to`, and contain `state` if the issuer repeats
/// it (RP-Initiated Logout 1.0, 3).
///
/// # Errors
/// [`ProtocolError::Argument`] if it is not a URL at `return_to`, or if it belongs to another sign-out, or to none.
pub fn read_return(returned: &str, return_to: &str, state: Option<&Secret>) -> Result<(), ProtocolError> {
    let at = Url::parse(return_to).map_err(|_| wrong("return_to", "is not an absolute URL"))?;
    let url = Url::parse(returned).map_err(|_| wrong("callback_url", "is not a URL"))?;
    if !is_at(&url, &at) {
        let problem = format!("is not at {}, where this sign-out returns to", quoted(return_to));
        return Err(wrong("callback_url", &problem));
    }
    let Some(state) = state else {
        return Ok(());
    };
    match parameter(&url, "state")? {
        Some(sent) if state.equals_in_constant_time(&sent) => Ok(()),
        _ => Err(wrong(
            "callback_url",
            "does not come from this sign-out: the browser may still be signed in at the issuer",
        )),
    }
}

/// The issuer's parameter name for the URL to return to.
fn return_name(issuer: &IssuerUrl) -> &'static str {
    let is_cognito = |host: &str| host.starts_with("cognito-idp.") && host.ends_with(".amazonaws.com");
    match issuer {
        IssuerUrl::Auth0(_) => "returnTo",
        IssuerUrl::OpenIdConnect(url) if url.host_str().is_some_and(is_cognito) => "logout_uri",
        IssuerUrl::OpenIdConnect(_) => STANDARD_RETURN,
    }
}

fn wrong(name: &'static str, problem: &str) -> ProtocolError {
    ProtocolError::Argument(InvalidValue {
        name,
        problem: problem.to_owned(),
    })
}

/// Shows nothing about the user, and only the names of the parameters.
impl fmt::Debug for LogoutOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogoutOptions")
            .field("return_to", &self.return_to)
            .field("federated", &self.federated)
            .field("sends_id_token_hint", &self.sends_id_token_hint)
            .field("logout_hint", &self.logout_hint.as_ref().map(|_| "[redacted]"))
            .field("parameters", &self.parameters.keys())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_issuer_gets_the_url_to_return_to_under_its_own_name() {
        let name = |url: &str| return_name(&IssuerUrl::OpenIdConnect(Url::parse(url).unwrap()));
        assert_eq!(name("https://cognito-idp.eu-west-1.amazonaws.com/pool"), "logout_uri");
        for other in [
            "https://cognito-idp.example.com/",
            "https://login.eu-west-1.amazonaws.com/",
            "https://example.com/cognito-idp.eu-west-1.amazonaws.com",
        ] {
            assert_eq!(name(other), "post_logout_redirect_uri", "{other}");
        }
        let tenant = Url::parse("https://tenant.auth0.com/").unwrap();
        assert_eq!(return_name(&IssuerUrl::Auth0(tenant)), "returnTo");
    }
}
