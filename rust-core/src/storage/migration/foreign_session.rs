//! What is read of another library's session, and why it may not be.

use serde_json::{Map, Value};

use crate::model::proof_key::ProofKey;
use crate::model::secret::Secret;
use crate::model::time::Timestamp;

/// What another library stored of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ForeignSession {
    /// The access token.
    pub access_token: Option<Secret>,
    /// The refresh token.
    pub refresh_token: Option<Secret>,
    /// The ID token; its signature is not verified.
    pub id_token: Option<Secret>,
    /// What was granted, separated by spaces.
    pub scope: Option<String>,
    /// When the access token expires, by the device's clock, where the library kept it.
    pub expires_at: Option<Timestamp>,
    /// The client it was issued to, where the library kept it.
    pub client_id: Option<String>,
    /// The claims of the archived profile; `sub` is always there.
    pub profile: Option<ProfileClaims>,
    /// Whether the tokens are bound to a key of that library's (DPoP, RFC 9449).
    pub is_bound: bool,
    /// That key, once it was found.
    pub proof_key: Option<ProofKey>,
}

/// Claims of a profile. Personal data: no `Debug` output shows them.
#[derive(Clone, PartialEq, Eq)]
pub struct ProfileClaims(pub Map<String, Value>);

impl std::fmt::Debug for ProfileClaims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[{} redacted claims]", self.0.len())
    }
}

/// Why a session that was found is not imported. The old item stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, uniffi::Enum)]
pub enum ImportProblem {
    /// Not a binary property list that `NSKeyedArchiver` wrote, or a damaged one; or a token that is not UTF-8 text.
    #[error("it is not what NSKeyedArchiver writes")]
    Malformed,
    /// An archive of something else than the library's session.
    #[error("it is an archive of something else")]
    UnknownContent,
    /// Larger, deeper or more entangled than any session is.
    #[error("it is larger or deeper than a session can be")]
    TooLarge,
    /// The library itself counts the session as over: the issuer had refused its refresh token.
    #[error("the session in it has ended")]
    Ended,
    /// No refresh token, and no access token that is still good.
    #[error("nothing in it can be used any more")]
    NothingUsable,
    /// The tokens are bound to a key of the old library's (DPoP, RFC 9449), which was not found or cannot be used here.
    #[error("its tokens are bound to a key (DPoP) that was not found, or that this device cannot use")]
    SenderConstrained,
    /// Nothing tells whose session it is: there is no ID token that can be read, no profile, and the issuer gave neither.
    #[error("nothing in it says whose session it is")]
    UnknownUser,
    /// Another issuer's than the configuration's: a refresh token must not be sent there.
    #[error("its ID token is another issuer's")]
    OtherIssuer,
    /// Another client's than the configuration's.
    #[error("it was issued to another client")]
    OtherClient,
}

/// Empty text is how some libraries write that there is none.
pub(super) fn some_text(text: Secret) -> Option<Secret> {
    (!text.expose().trim().is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn debug_output_shows_how_many_claims_there_are_and_none_of_them() {
        let claims = ProfileClaims(json!({ "sub": "ada", "email": "planted" }).as_object().unwrap().clone());
        assert_eq!(format!("{claims:?}"), "[2 redacted claims]");
    }
}
