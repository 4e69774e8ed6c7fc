//! The parameters of `/authorize`, checked as Auth0 does.

use serde_json::Value;
use url::Url;

use crate::accounts::CONNECTION;
use crate::options::Client;
use crate::params::{Params, words};
use crate::records::{AuthorizationRequest, Reply};
use crate::settings::{Dpop, Settings};
use crate::state::Shared;

/// Why a request is refused.
#[derive(Debug)]
pub(crate) enum Refused {
    /// Shown to the user: without a trusted redirect URI, nothing may be sent anywhere (RFC 6749 section 4.1.2.1).
    Page {
        status: u16,
        title: &'static str,
        text: String,
    },
    /// Sent to the client.
    Redirect {
        reply: Reply,
        error: &'static str,
        description: String,
    },
}

pub(crate) fn parse(shared: &Shared, settings: &Settings, params: &Params) -> Result<AuthorizationRequest, Refused> {
    let (client, reply) = addressee(shared, params)?;
    let refuse = |error, description: String| Refused::Redirect {
        reply: reply.clone(),
        error,
        description,
    };
    check_shape(params).map_err(|(error, description)| refuse(error, description))?;

    let code_challenge = code_challenge(client, params).map_err(|text| refuse("invalid_request", text))?;
    let audience = params.owned("audience").or_else(|| settings.default_audience.clone());
    let known = match &audience {
        Some(audience) => shared
            .scopes_of(audience)
            .ok_or_else(|| refuse("access_denied", format!("Service not found: {audience}")))?,
        None => Vec::new(),
    };
    let prompt = words(params.get("prompt").unwrap_or_default());
    if prompt.len() > 1 && prompt.iter().any(|value| value == "none") {
        return Err(refuse(
            "invalid_request",
            "prompt=none cannot be combined with other values".into(),
        ));
    }
    if let Some(odd) = prompt
        .iter()
        .find(|value| !["none", "login", "consent", "select_account"].contains(&&***value))
    {
        return Err(refuse("invalid_request", format!("Invalid prompt: {odd}")));
    }
    let max_age = match params.get("max_age").map(str::parse::<u32>) {
        Some(Ok(seconds)) => Some(i64::from(seconds)),
        Some(Err(_)) => {
            return Err(refuse("invalid_request", "max_age must be a number of seconds".into()));
        }
        None => None,
    };
    let acr = authentication_class(settings, params).map_err(|(error, text)| refuse(error, text))?;
    let organization = match params.get("organization") {
        Some(name) => {
            let mut all = shared.organizations.iter();
            let found = all.find(|organization| organization.id == name || organization.name == name);
            let found = found.ok_or_else(|| refuse("invalid_request", "parameter organization is invalid".into()))?;
            Some(found.id.clone())
        }
        None if params.get("invitation").is_some() => {
            return Err(refuse(
                "invalid_request",
                "parameter organization is required with invitation".into(),
            ));
        }
        None => None,
    };
    Ok(AuthorizationRequest {
        client_id: client.id.clone(),
        scope: granted(client, &known, params.get("scope").unwrap_or("openid profile email")),
        audience,
        nonce: params.owned("nonce"),
        code_challenge,
        prompt,
        max_age,
        login_hint: params.owned("login_hint"),
        sign_up: params.get("screen_hint") == Some("signup"),
        acr,
        organization,
        key: params.owned("dpop_jkt").filter(|_| settings.dpop != Dpop::Off),
        reply: reply.clone(),
    })
}

/// A class that cannot be reached is ignored, unless `claims` requests it as essential (OpenID Connect Core section
/// 5.5.1.1; OpenID Connect Core Error Code unmet_authentication_requirements 1.0).
fn authentication_class(settings: &Settings, params: &Params) -> Result<Option<String>, (&'static str, String)> {
    let claims = params.get("claims").unwrap_or("{}");
    let claims: Value =
        serde_json::from_str(claims).map_err(|_| ("invalid_request", "claims is not JSON".to_owned()))?;
    let asked = &claims["id_token"]["acr"];
    let essential = asked["values"].as_array().filter(|_| asked["essential"] == true);
    let classes = match essential {
        Some(classes) => classes.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        None => words(params.get("acr_values").unwrap_or_default()),
    };
    let mut reachable = classes.into_iter();
    let reached = reachable.find(|class| settings.authentication_classes.contains(class));
    if reached.is_none() && essential.is_some() {
        let text = "None of the classes can be reached.".to_owned();
        return Err(("unmet_authentication_requirements", text));
    }
    Ok(reached)
}

/// The client and its redirect URI. Both must be valid before anything else is checked.
fn addressee<'a>(shared: &'a Shared, params: &Params) -> Result<(&'a Client, Reply), Refused> {
    let page = |status, title, text: String| Refused::Page { status, title, text };
    if let Some(name) = params
        .repeated
        .as_ref()
        .filter(|name| ["client_id", "redirect_uri"].contains(&name.as_str()))
    {
        return Err(page(
            400,
            "Invalid request",
            format!("invalid_request: {name} is given twice"),
        ));
    }
    let missing = |name| {
        page(
            400,
            "Invalid request",
            format!("invalid_request: Missing required parameter: {name}"),
        )
    };
    let client_id = params.get("client_id").ok_or_else(|| missing("client_id"))?;
    let unknown = || {
        page(
            400,
            "Unknown client",
            format!("invalid_request: Unknown client: {client_id}"),
        )
    };
    let client = shared.client(client_id).ok_or_else(unknown)?;
    let redirect_uri = params.get("redirect_uri").ok_or_else(|| missing("redirect_uri"))?;
    if !client
        .redirect_uris
        .iter()
        .any(|registered| same_address(registered, redirect_uri))
    {
        let text = "The provided redirect_uri is not in the list of allowed callback URLs.";
        return Err(page(403, "Callback URL mismatch", text.into()));
    }
    Ok((
        client,
        Reply {
            redirect_uri: redirect_uri.into(),
            state: params.owned("state"),
        },
    ))
}

/// Exact comparison, except for the port of loopback addresses (RFC 8252 section 7.3).
pub(crate) fn same_address(registered: &str, given: &str) -> bool {
    registered == given
        || match (Url::parse(registered), Url::parse(given)) {
            (Ok(mut registered), Ok(mut given)) => {
                let loopback = matches!(registered.host_str(), Some("127.0.0.1" | "[::1]"));
                let dropped = registered.set_port(None).and(given.set_port(None)).is_ok();
                loopback && registered.scheme() == "http" && dropped && registered == given
            }
            _ => false,
        }
}

/// Checks that need no knowledge of the tenant.
fn check_shape(params: &Params) -> Result<(), (&'static str, String)> {
    if let Some(name) = &params.repeated {
        return Err(("invalid_request", format!("{name} is given twice")));
    }
    if params.get("request").is_some() {
        return Err(("request_not_supported", "request objects are not supported".into()));
    }
    if params.get("request_uri").is_some() {
        return Err(("request_uri_not_supported", "request objects are not supported".into()));
    }
    match params.get("response_type") {
        Some("code") => {}
        Some(other) => {
            return Err((
                "unsupported_response_type",
                format!("Unsupported response type: {other}"),
            ));
        }
        None => {
            return Err(("invalid_request", "Missing required parameter: response_type".into()));
        }
    }
    if let Some(mode) = params.get("response_mode").filter(|mode| *mode != "query") {
        return Err(("invalid_request", format!("Unsupported response mode: {mode}")));
    }
    if let Some(connection) = params.get("connection").filter(|connection| *connection != CONNECTION) {
        return Err(("invalid_request", format!("the connection {connection} was not found")));
    }
    Ok(())
}

/// RFC 7636 section 4.3; S256 only.
fn code_challenge(client: &Client, params: &Params) -> Result<Option<String>, String> {
    let method = params.get("code_challenge_method");
    let Some(challenge) = params.get("code_challenge") else {
        return match (client.secret.is_some(), method) {
            (true, None) => Ok(None),
            _ => Err("Parameter 'code_challenge' is required for public clients".into()),
        };
    };
    if method != Some("S256") {
        return Err("Unsupported code_challenge_method: only S256 is allowed".into());
    }
    let well_formed = challenge
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if challenge.len() != 43 || !well_formed {
        return Err("Invalid code_challenge: it must be the base64url of a SHA-256 hash".into());
    }
    Ok(Some(challenge.to_owned()))
}

/// Unknown scopes are dropped silently, as Auth0 does.
pub(crate) fn granted(client: &Client, of_the_api: &[String], requested: &str) -> Vec<String> {
    let mut scope = words(requested);
    scope.retain(|scope| match scope.as_str() {
        "openid" | "profile" | "email" | "phone" | "address" | "device_sso" => true,
        "offline_access" => client.refresh_tokens,
        other => of_the_api.iter().any(|known| known == other),
    });
    scope
}

#[cfg(test)]
mod tests {
    use super::same_address;

    #[test]
    fn addresses_match_to_the_letter_except_for_loopback_ports() {
        assert!(same_address(
            "http://127.0.0.1/callback",
            "http://127.0.0.1:49152/callback"
        ));
        assert!(same_address("com.example.app://callback", "com.example.app://callback"));
        for (registered, given) in [
            ("http://127.0.0.1/callback", "http://127.0.0.1:49152/other"),
            ("http://127.0.0.1/callback", "http://localhost:49152/callback"),
            (
                "https://app.example.com/callback",
                "https://app.example.com:8443/callback",
            ),
            ("com.example.app://callback", "com.example.app://callback/"),
        ] {
            assert!(!same_address(registered, given), "{registered} {given}");
        }
    }
}
