//! What a refusal with `mfa_required` contains to continue with (Auth0: "Authenticate Using the Resource Owner Password
//! Flow with MFA").

use serde_json::Value;

use crate::model::json::Object;
use crate::model::secret::Secret;

/// The most factors that are read: no user has more, and an answer that lists more is not believed.
pub(super) const MOST: usize = 32;

/// The `mfa_token` of a refusal. With it and a second factor, anyone can get the user's tokens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MfaToken(pub Secret);

/// The second factors that the issuer accepts (`mfa_requirements`), by type: `otp`, `push-notification`, `phone`,
/// `recovery-code`, … Both lists are empty if the issuer did not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct MfaRequirements {
    /// The types of the factors that the user has.
    pub challenge: Vec<String>,
    /// The types that the user can enroll. The user has no factor yet and must enroll one first.
    pub enroll: Vec<String>,
}

/// What a refusal says about the second factor; `None` if it has no `mfa_token`.
pub(super) fn required(body: &Object) -> Option<(MfaToken, MfaRequirements)> {
    let token = body.text("mfa_token").filter(|token| is_sendable(token))?;
    let types = |name: &str| -> Vec<String> {
        let all = body.get("mfa_requirements").and_then(|all| all.get(name));
        let all = all.and_then(Value::as_array).into_iter().flatten();
        let types = all.filter_map(|one| one.get("type").and_then(Value::as_str));
        types
            .filter(|kind| is_word(kind))
            .take(MOST)
            .map(str::to_owned)
            .collect()
    };
    let requirements = MfaRequirements {
        challenge: types("challenge"),
        enroll: types("enroll"),
    };
    Some((MfaToken(Secret::new(token)), requirements))
}

/// Whether the token can be sent: other characters would break the request that carries it.
fn is_sendable(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| (0x21..0x7f).contains(&byte))
}

/// Whether the type is a plain word: types appear in logs and on screens.
fn is_word(kind: &str) -> bool {
    (1..=40).contains(&kind.len())
        && kind
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}
