//! Step-up: the user of a session authenticates again because an API requires it (RFC 9470 4).
//!
//! **Promises.** It is the same user, and the authentication is what the API required; otherwise the session stays as
//! it was. Pure: needs nothing.

use super::super::options::{SignInOptions, StepUpOptions};
use crate::jose::{IdTokenClaims, IdTokenProblem};
use crate::machine::Generation;
use crate::machine::error::Error;
use crate::protocol::authorization::claims_with_essential_acr;

pub(super) const ACR_VALUES: &str = "acr_values";
const ANOTHER_USER: &str = "user_mismatch";
/// The issuers' own error code (OpenID Connect Core Error Code unmet_authentication_requirements 1.0; RFC 9470 5).
const UNMET: &str = "unmet_authentication_requirements";

/// The session that continues with the new tokens.
#[derive(Clone, Debug)]
pub(super) struct SteppingUp {
    pub(super) generation: Generation,
    pub(super) subject: String,
    /// The authentication context classes, one of which must be reached. If empty, any will do.
    pub(super) classes: Vec<String>,
}

impl SteppingUp {
    /// Checks the ID token: whether the user and the authentication are as required.
    pub(super) fn check(&self, verified: Result<IdTokenClaims, Error>) -> Result<IdTokenClaims, Error> {
        match verified {
            Ok(claims) if claims.subject != self.subject => Err(Error::sign_in(
                ANOTHER_USER,
                "a different user signed in; the session is unchanged",
            )),
            Err(Error::IdToken(error)) if is_unmet(&error.problem) => Err(Error::sign_in(
                UNMET,
                &format!("the user did not authenticate as the API asked for: {error}"),
            )),
            outcome => outcome,
        }
    }
}

/// Whether the tokens belong to another user than the session's.
pub(super) fn is_of_another_user(error: &Error) -> bool {
    matches!(error, Error::SignIn { code, .. } if code == ANOTHER_USER)
}

fn is_unmet(problem: &IdTokenProblem) -> bool {
    matches!(
        problem,
        IdTokenProblem::AuthenticationTooOld
            | IdTokenProblem::MissingClaim("acr" | "auth_time")
            | IdTokenProblem::WrongClaim("acr")
    )
}

/// The sign-in that an API requires: `acr_values` and `max_age` as in RFC 9470 4. `acr_values` requests a voluntary
/// claim, which the issuer may leave out. If the issuer supports `claims`, that is sent instead and makes the claim
/// essential (OpenID Connect Core 5.5.1.1). The meaning of both at once is not specified: oidc-provider then takes the
/// voluntary claim. If the API names neither requirement, the user has to authenticate again in any way.
pub(super) fn sign_in_options(
    options: StepUpOptions,
    configured: &[(String, String)],
    takes_claims: bool,
) -> Result<SignInOptions, Error> {
    let StepUpOptions {
        requirement,
        mut parameters,
    } = options;
    let classes = &requirement.acr_values;
    parameters.remove(ACR_VALUES);
    if !classes.is_empty() && !takes_claims {
        parameters.insert(ACR_VALUES.to_owned(), classes.join(" "));
    }
    if !classes.is_empty() && takes_claims {
        let own = parameters.get("claims").cloned();
        let among = || configured.iter().find(|(name, _)| name == "claims");
        let asked = own.or_else(|| among().map(|(_, value)| value.clone()));
        let claims = claims_with_essential_acr(asked.as_deref(), classes)?;
        parameters.insert("claims".to_owned(), claims);
    }
    let asks_for_nothing = classes.is_empty() && requirement.max_age_seconds.is_none();
    Ok(SignInOptions {
        login_hint: None,
        max_age_seconds: requirement.max_age_seconds.or(asks_for_nothing.then_some(0)),
        parameters,
    })
}
