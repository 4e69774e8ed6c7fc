//! The authorization endpoint: the URL to open, and the callback URL that returns (RFC 6749 4.1, RFC 7636, RFC 9207,
//! OpenID Connect Core 3.1.2).

use serde_json::{Map, Value};
use url::Url;

use super::discovery::{IssuerMetadata, shown};
use super::failure::callback_failure;
use super::token::pairs;
use crate::model::configuration::{Configuration, is_loopback};
use crate::model::invalid::{InvalidValue, quoted};
use crate::model::secret::Secret;
use crate::protocol::endpoint::{Endpoint, Server};
use crate::protocol::error::ProtocolError;
use crate::protocol::pkce::challenge_s256;
use crate::protocol::query::add_parameters;
use crate::protocol::sanitized::sanitized_description;

/// The unguessable values of one sign-in.
#[derive(Clone, Debug)]
pub struct SignInSecrets {
    /// Binds the callback to this sign-in.
    pub state: Secret,
    /// Binds the ID token to this sign-in.
    pub nonce: Secret,
    /// Binds the code to this sign-in.
    pub verifier: Secret,
}

/// The parameters of the authorization request. `parameters` are those of this sign-in; they take precedence over the
/// configuration's.
pub fn authorization_request(
    configuration: &Configuration,
    secrets: &SignInSecrets,
    parameters: &[(String, String)],
) -> Vec<(String, String)> {
    let (scope, challenge) = (configuration.scopes.join(" "), challenge_s256(&secrets.verifier));
    let own = [
        ("response_type", "code"),
        ("client_id", &configuration.client_id),
        ("redirect_uri", &configuration.redirect_uri),
        ("scope", &scope),
        ("state", secrets.state.expose()),
        ("nonce", secrets.nonce.expose()),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    let audience = configuration
        .audience
        .iter()
        .map(|audience| ("audience", audience.as_str()));
    let has_audience = configuration.audience.is_some();
    let others = pairs(&configuration.authorize_parameters).filter(|(name, _)| *name != "audience" || !has_audience);
    let resources = configuration.resources.iter();
    let resources = resources.map(|resource| ("resource", resource.as_str()));
    let configured = audience.chain(resources).chain(others);
    let configured = configured.filter(|(name, _)| !parameters.iter().any(|(own, _)| own == name));
    let all = own.into_iter().chain(configured).chain(pairs(parameters));
    all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The authentication context classes that `claims` requires: `acr` in the ID token must be one of these. `None` unless
/// `claims` requests `acr` as an essential claim (OpenID Connect Core 5.5.1.1); an empty list accepts any class.
pub fn essential_acr(claims: &str) -> Option<Vec<String>> {
    let claims: Value = serde_json::from_str(claims).ok()?;
    let acr = claims.get("id_token")?.get("acr")?;
    if acr.get("essential") != Some(&Value::Bool(true)) {
        return None;
    }
    let values = acr.get("values").and_then(Value::as_array).into_iter().flatten();
    let classes = values.chain(acr.get("value")).filter_map(Value::as_str);
    Some(classes.map(str::to_owned).collect())
}

/// The `claims` parameter that requests one of these classes as an essential claim, in addition to what `claims`
/// requests already.
///
/// # Errors
/// [`ProtocolError::Argument`] if `claims` is not a JSON object.
pub fn claims_with_essential_acr(claims: Option<&str>, classes: &[String]) -> Result<String, ProtocolError> {
    let wrong = || {
        ProtocolError::Argument(InvalidValue {
            name: "parameters",
            problem: "has claims that are not a JSON object (OpenID Connect Core 5.5)".to_owned(),
        })
    };
    let mut all: Map<String, Value> = serde_json::from_str(claims.unwrap_or("{}")).map_err(|_| wrong())?;
    let of_id_token = all.entry("id_token").or_insert_with(|| Value::Object(Map::new()));
    let of_id_token = of_id_token.as_object_mut().ok_or_else(wrong)?;
    let classes = classes.iter().cloned().map(Value::String).collect();
    let acr = [
        ("essential".to_owned(), Value::Bool(true)),
        ("values".to_owned(), Value::Array(classes)),
    ];
    of_id_token.insert("acr".to_owned(), Value::Object(acr.into_iter().collect()));
    Ok(Value::Object(all).to_string())
}

/// The URL to open, with the request in it.
pub fn authorization_url(metadata: &IssuerMetadata, request: &[(String, String)]) -> Url {
    let mut url = metadata.authorization_endpoint.clone();
    add_parameters(&mut url, pairs(request));
    url
}

/// The content of a callback URL that belongs to this sign-in.
#[derive(Clone, Debug)]
pub enum Callback {
    /// The user signed in.
    Code(Secret),
    /// The issuer or the user refused.
    Refused(ProtocolError),
}

/// Reads a callback URL.
///
/// # Errors
/// [`ProtocolError::Argument`] if it is not a callback of this redirect URI; [`ProtocolError::SignIn`] with the code
/// `state_mismatch` if it belongs to another sign-in. In both cases the sign-in in progress continues: anyone can send
/// a URL to an app.
pub fn read_callback(
    callback_url: &str,
    configuration: &Configuration,
    metadata: &IssuerMetadata,
    state: &Secret,
) -> Result<Callback, ProtocolError> {
    let url = Url::parse(callback_url).map_err(|_| wrong("is not a URL"))?;
    if !is_at(&url, &configuration.redirect_url) {
        return Err(wrong(&format!(
            "is at {}, and the redirect URI of this configuration is {}",
            // The path and the query of another app's URL may contain anything.
            readable(
                &format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default()),
                state
            ),
            quoted(&configuration.redirect_uri)
        )));
    }
    let parameter = |name: &str| parameter(&url, name);
    if !parameter("state")?.is_some_and(|sent| state.equals_in_constant_time(&sent)) {
        return Err(ProtocolError::sign_in(
            "state_mismatch",
            "the callback belongs to another sign-in",
        ));
    }
    match parameter("iss")? {
        Some(issuer) if issuer != metadata.issuer => {
            return Ok(Callback::Refused(ProtocolError::sign_in(
                "issuer_mismatch",
                &format!(
                    "the callback comes from another issuer (RFC 9207): expected {}, found {}",
                    metadata.issuer,
                    readable(&shown(&issuer), state)
                ),
            )));
        }
        None if metadata.iss_parameter_promised => {
            return Ok(Callback::Refused(ProtocolError::sign_in(
                "issuer_mismatch",
                &match parameter("error")?.filter(|code| !code.is_empty()) {
                    Some(code) => format!(
                        "the callback lacks the issuer (RFC 9207); it says, unverified: {}",
                        sanitized_description(&code)
                    ),
                    None => "the callback lacks the issuer (RFC 9207)".to_owned(),
                },
            )));
        }
        _ => {}
    }
    if let Some(code) = parameter("error")?.filter(|code| !code.is_empty()) {
        let description = parameter("error_description")?.unwrap_or_default();
        let server = Server::at(Endpoint::AUTHORIZATION, &metadata.authorization_endpoint);
        let failure = callback_failure(&server, &code, &description);
        let audience = configuration.own_audience().map(String::as_str);
        return Ok(Callback::Refused(failure.about_audience(audience)));
    }
    match parameter("code")?.filter(|code| !code.is_empty()) {
        Some(code) => Ok(Callback::Code(Secret::new(code))),
        None => Ok(Callback::Refused(ProtocolError::sign_in(
            "invalid_callback",
            "the callback has neither a code nor an error",
        ))),
    }
}

/// A part of the callback URL, for people to read. It never contains this sign-in's `state`, wherever in the URL that
/// is.
fn readable(text: &str, state: &Secret) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:/[]".contains(&byte);
    let may_be_shown = text.len() <= 200 && text.bytes().all(is_plain) && !text.contains(state.expose());
    if may_be_shown {
        quoted(text)
    } else {
        "another".to_owned()
    }
}

/// A parameter of a callback URL. It may occur only once (RFC 6749 3.1).
///
/// # Errors
/// [`ProtocolError::Argument`] if it is repeated.
pub(super) fn parameter(url: &Url, name: &str) -> Result<Option<String>, ProtocolError> {
    let mut values = url
        .query_pairs()
        .filter(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned());
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(wrong("repeats a parameter")),
        (value, None) => Ok(value),
    }
}

fn wrong(problem: &str) -> ProtocolError {
    ProtocolError::Argument(InvalidValue {
        name: "callback_url",
        problem: problem.to_owned(),
    })
}

/// Whether `url` is the redirect URI with an answer added. For a loopback redirect URI, the app may choose the port at
/// the time of the request (RFC 8252 7.3).
pub(super) fn is_at(url: &Url, redirect: &Url) -> bool {
    let port_fits = url.port_or_known_default() == redirect.port_or_known_default()
        || (redirect.scheme() == "http" && is_loopback(redirect));
    let path = |url: &Url| {
        if url.path() == "/" {
            String::new()
        } else {
            url.path().to_owned()
        }
    };
    let keeps_query = redirect
        .query_pairs()
        .all(|pair| url.query_pairs().any(|sent| sent == pair));
    url.scheme() == redirect.scheme()
        && url.host() == redirect.host()
        && port_fits
        && path(url) == path(redirect)
        && keeps_query
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_callback_is_shown_where_it_is_plain_and_holds_no_state() {
        let state = Secret::new("st4te");
        let plain = "com.example.app://callback:1";
        assert_eq!(readable(plain, &state), quoted(plain));
        let longest = "a".repeat(200);
        assert_eq!(readable(&longest, &state), quoted(&longest));
        for hidden in [
            format!("{longest}a"),
            "a b".to_owned(),
            "a?b".to_owned(),
            "a-st4te-b".to_owned(),
        ] {
            assert_eq!(readable(&hidden, &state), "another", "{hidden}");
        }
    }
}
