//! Auth0's MFA API (Auth0: "Multi-factor Authentication API", "Authenticate Using the Resource Owner Password Flow with
//! MFA"): how to continue after a token request was refused with `mfa_required`.

use serde_json::Value;
use url::Url;

use super::answer::{json_object, passing_trouble, unexpected};
use super::failure::callback_failure;
use super::mfa_token::{MOST, MfaToken};
use super::token::pairs;
use crate::model::configuration::Configuration;
use crate::model::secret::Secret;
use crate::model::time::Timestamp;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::error::ProtocolError;
use crate::protocol::message::{HttpAnswer, HttpRequest};

/// `/mfa/authenticators`
pub const AUTHENTICATORS: Endpoint = Endpoint::named("MFA authenticators endpoint");
/// `/mfa/challenge`
pub const CHALLENGE: Endpoint = Endpoint::named("MFA challenge endpoint");

/// A second factor that the user has.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct MfaAuthenticator {
    /// The identifier, for `mfa_challenge`.
    pub id: String,
    /// `authenticator_type`: `otp`, `oob` or `recovery-code`.
    pub kind: String,
    /// `oob_channel`: `sms`, `voice`, `email` or `auth0` (push).
    pub channel: Option<String>,
    /// A name to show, such as the end of a phone number.
    pub name: Option<String>,
}

/// Leaves out the identifier and the name, which belong to the user.
impl std::fmt::Debug for MfaAuthenticator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MfaAuthenticator")
            .field("kind", &self.kind)
            .field("channel", &self.channel)
            .finish_non_exhaustive()
    }
}

/// What a challenge requires of the user.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Challenged {
    /// A code from an authenticator app.
    Otp,
    /// An out-of-band challenge, sent to one of the user's devices.
    OutOfBand {
        /// The issuer's identifier of the challenge.
        code: Secret,
        /// Whether the user has to type the code that was sent there. Otherwise the user approves on that device.
        is_prompted: bool,
    },
}

/// The proof of the second factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MfaProof {
    /// A code from an authenticator app.
    Otp(Secret),
    /// The user has approved on another device, or typed the code that was sent there.
    OutOfBand {
        /// The identifier of the challenge.
        code: Secret,
        /// The code that the user typed.
        binding_code: Option<Secret>,
    },
    /// A recovery code. It can be used only once; the answer contains the next one.
    RecoveryCode(Secret),
}

/// The request for the user's second factors.
pub fn authenticators(token_endpoint: &Url, token: &MfaToken) -> HttpRequest {
    HttpRequest::get(beside(token_endpoint, "/mfa/authenticators"), "application/json").with_bearer(&token.0)
}

/// Reads the answer: the second factors that can be used.
///
/// # Errors
/// [`ProtocolError::SignIn`] for a refusal; otherwise a failure of the server or of an intermediary.
pub fn read_authenticators(answer: &HttpAnswer, now: Timestamp) -> Result<Vec<MfaAuthenticator>, ProtocolError> {
    if !answer.is_success() {
        return Err(refusal(AUTHENTICATORS, answer, now));
    }
    let all: Option<Vec<Value>> = serde_json::from_slice(answer.body.expose()).ok();
    let all = all.ok_or_else(|| unexpected(AUTHENTICATORS, answer, "not a JSON list"))?;
    let read = |one: &Value| {
        let text = |name: &str| one.get(name).and_then(Value::as_str).map(str::to_owned);
        let is_active = one.get("active") != Some(&Value::Bool(false));
        Some(MfaAuthenticator {
            id: text("id").filter(|_| is_active)?,
            kind: text("authenticator_type")?,
            channel: text("oob_channel"),
            name: text("name").map(|name| shown(&name)),
        })
    };
    Ok(all.iter().filter_map(read).take(MOST).collect())
}

/// The name, limited for display.
fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(100).collect()
}

/// The request that challenges the user with that authenticator. Without one, the issuer chooses.
///
/// # Errors
/// [`ProtocolError::NotWritable`] if it cannot be serialized.
pub fn challenge(
    token_endpoint: &Url,
    client_id: &str,
    token: &MfaToken,
    authenticator: Option<&str>,
) -> Result<HttpRequest, ProtocolError> {
    let mut members = vec![
        ("client_id", client_id),
        ("mfa_token", token.0.expose()),
        ("challenge_type", "otp oob"),
    ];
    members.extend(authenticator.map(|id| ("authenticator_id", id)));
    HttpRequest::post_json(beside(token_endpoint, "/mfa/challenge"), &members)
}

/// Reads the answer.
///
/// # Errors
/// As [`read_authenticators`].
pub fn read_challenge(answer: &HttpAnswer, now: Timestamp) -> Result<Challenged, ProtocolError> {
    if !answer.is_success() {
        return Err(refusal(CHALLENGE, answer, now));
    }
    let mut body = json_object(answer).unwrap_or_default();
    let code = body.take_token("oob_code");
    match (body.text("challenge_type"), code) {
        (Some("otp"), _) => Ok(Challenged::Otp),
        (Some("oob"), Some(code)) => Ok(Challenged::OutOfBand {
            code,
            is_prompted: body.text("binding_method") == Some("prompt"),
        }),
        _ => Err(unexpected(CHALLENGE, answer, "no challenge in it")),
    }
}

/// The token request that contains the proof.
pub fn verify(token_endpoint: &Url, configuration: &Configuration, token: &MfaToken, proof: &MfaProof) -> HttpRequest {
    let (grant, shown) = match proof {
        MfaProof::Otp(code) => ("mfa-otp", vec![("otp", code.expose())]),
        MfaProof::OutOfBand { code, binding_code } => {
            let typed = binding_code.as_ref().map(|typed| ("binding_code", typed.expose()));
            let shown = std::iter::once(("oob_code", code.expose())).chain(typed);
            ("mfa-oob", shown.collect())
        }
        MfaProof::RecoveryCode(code) => ("mfa-recovery-code", vec![("recovery_code", code.expose())]),
    };
    let grant = format!("http://auth0.com/oauth/grant-type/{grant}");
    let fields = [
        ("grant_type", grant.as_str()),
        ("client_id", &configuration.client_id),
        ("mfa_token", token.0.expose()),
    ];
    let fields = fields.into_iter().chain(shown);
    HttpRequest::post_form(
        token_endpoint.clone(),
        fields.chain(pairs(&configuration.token_parameters)),
    )
}

/// The recovery code in a successful answer. It replaces the one that was used.
pub fn next_recovery_code(answer: &HttpAnswer) -> Option<Secret> {
    json_object(answer)?.take_token("recovery_code")
}

/// Whether a refusal concerns the `mfa_token`, or the refresh token behind it, so that it is impossible to continue
/// with it.
pub fn is_of_token(code: &str, words: &str) -> bool {
    matches!(code, "expired_token" | "context_not_found" | "invalid_token")
        || words.contains("mfa_token")
        || words.to_ascii_lowercase().contains("refresh token")
}

/// The URL of `path` on the host of the token endpoint, where the issuer of the `mfa_token` has its MFA API; this
/// includes custom domains.
fn beside(token_endpoint: &Url, path: &str) -> Url {
    let mut url = token_endpoint.clone();
    url.set_path(path);
    url.set_query(None);
    url
}

fn refusal(endpoint: Endpoint, answer: &HttpAnswer, now: Timestamp) -> ProtocolError {
    if let Some(passing) = passing_trouble(endpoint, answer, now) {
        return passing;
    }
    let body = json_object(answer).unwrap_or_default();
    match body.text("error") {
        Some(code) if (400..500).contains(&answer.status) => {
            let words = body.text("error_description").unwrap_or_default();
            callback_failure(&answer.server(endpoint), code, words)
        }
        _ => unexpected(endpoint, answer, "neither success nor an error"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::secret::SecretBytes;

    const NOW: Timestamp = Timestamp(1_700_000_000);

    fn answer(status: u16, body: &str) -> HttpAnswer {
        HttpAnswer {
            host: String::new(),
            status,
            headers: Vec::new(),
            body: SecretBytes::new(body.as_bytes().to_vec()),
        }
    }

    #[test]
    fn authenticators_are_those_that_can_be_used_and_no_log_names_them() {
        let body = format!(
            r#"[{{"id":"sms|1","authenticator_type":"oob","oob_channel":"sms","name":"XXXX\u0007{}","active":true}},
                {{"id":"totp|2","authenticator_type":"otp"}},
                {{"id":"totp|3","authenticator_type":"otp","active":false}},
                {{"authenticator_type":"otp"}}, {{"id":"totp|4"}}, 5]"#,
            "7".repeat(100)
        );
        let found = read_authenticators(&answer(200, &body), NOW).unwrap();
        let ids: Vec<_> = found.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(ids, ["sms|1", "totp|2"]);
        assert_eq!(found[0].name, Some(format!("XXXX{}", "7".repeat(96))));
        assert_eq!(
            format!("{:?}", found[0]),
            r#"MfaAuthenticator { kind: "oob", channel: Some("sms"), .. }"#
        );
    }

    #[test]
    fn a_refusal_is_the_issuers_only_with_its_status() {
        let body = r#"{"error":"expired_token","error_description":"mfa_token is expired"}"#;
        for (status, is_refusal) in [(400, true), (401, true), (499, true), (302, false), (600, false)] {
            let error = read_authenticators(&answer(status, body), NOW).unwrap_err();
            assert_eq!(
                matches!(error, ProtocolError::SignIn { .. }),
                is_refusal,
                "{status}: {error:?}"
            );
        }
        let error = read_authenticators(&answer(400, "[]"), NOW).unwrap_err();
        assert!(matches!(error, ProtocolError::UnexpectedAnswer { .. }), "{error:?}");
    }

    #[test]
    fn what_refuses_the_token_ends_the_attempt_and_a_wrong_code_does_not() {
        for (code, words, is_of_token) in [
            ("expired_token", "", true),
            ("context_not_found", "", true),
            ("invalid_token", "", true),
            ("invalid_grant", "Malformed mfa_token", true),
            ("invalid_grant", "Unknown or invalid Refresh Token.", true),
            ("invalid_grant", "Invalid otp_code.", false),
            ("association_required", "", false),
        ] {
            assert_eq!(super::is_of_token(code, words), is_of_token, "{code} {words}");
        }
    }
}
