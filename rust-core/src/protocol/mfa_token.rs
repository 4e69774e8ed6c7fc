//! What a refusal with `mfa_required` gives to go on with (Auth0: "Authenticate Using the Resource Owner Password Flow with MFA").

use serde_json::Value;

use crate::model::json::Object;
use crate::model::secret::Secret;

/// No user has more factors, and an answer is not believed to hold more.
pub(super) const MOST: usize = 32;

/// The `mfa_token` of a refusal: with it and a second factor anyone gets the user's tokens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MfaToken(pub Secret);

/// Which second factors would do (`mfa_requirements`), by their types: `otp`, `push-notification`, `phone`, `recovery-code`, …
/// Both are empty where the issuer did not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct MfaRequirements {
    /// The user has these.
    pub challenge: Vec<String>,
    /// The user has none, and must enroll one of these first.
    pub enroll: Vec<String>,
}

/// What a refusal says of the second factor; `None` where it has no `mfa_token`.
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

/// Anything else would break the request that carries it.
fn is_sendable(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| (0x21..0x7f).contains(&byte))
}

/// They go into logs and onto screens.
fn is_word(kind: &str) -> bool {
    (1..=40).contains(&kind.len())
        && kind
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}
