//! What is read from another library's session, and why it may not be imported.

use serde_json::{Map, Value};

use crate::model::proof_key::ProofKey;
use crate::model::secret::Secret;
use crate::model::time::Timestamp;

/// The data of a session that another library stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ForeignSession {
    /// The access token.
    pub access_token: Option<Secret>,
    /// The refresh token.
    pub refresh_token: Option<Secret>,
    /// The ID token; its signature is not verified.
    pub id_token: Option<Secret>,
    /// The granted scopes, separated by spaces.
    pub scope: Option<String>,
    /// When the access token expires, by the device's clock, if the library stored it.
    pub expires_at: Option<Timestamp>,
    /// The client that the tokens were issued to, if the library stored it.
    pub client_id: Option<String>,
    /// The claims of the archived profile; `sub` is always there.
    pub profile: Option<ProfileClaims>,
    /// Whether the tokens are bound to a key of that library (DPoP, RFC 9449).
    pub is_bound: bool,
    /// That key, if it has been found.
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

/// Why a session that was found is not imported. The old item is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, uniffi::Enum)]
pub enum ImportProblem {
    /// Not a binary property list from `NSKeyedArchiver`, or a damaged one; or a token that is not UTF-8 text.
    #[error("it is not what NSKeyedArchiver writes")]
    Malformed,
    /// An archive of something other than the library's session.
    #[error("it is an archive of something else")]
    UnknownContent,
    /// Larger, deeper or more complex than any session.
    #[error("it is larger or deeper than a session can be")]
    TooLarge,
    /// The library itself considers the session over: the issuer had refused its refresh token.
    #[error("the session in it has ended")]
    Ended,
    /// There is no refresh token, and no access token that is still valid.
    #[error("nothing in it can be used any more")]
    NothingUsable,
    /// The tokens are bound to a key of the old library (DPoP, RFC 9449), which was not found or cannot be used here.
    #[error("its tokens are bound to a key (DPoP) that was not found, or that this device cannot use")]
    SenderConstrained,
    /// The user is unknown: there is no readable ID token, no profile, and the issuer returned neither.
    #[error("nothing in it says whose session it is")]
    UnknownUser,
    /// The tokens are from an issuer other than the configured one: a refresh token must not be sent there.
    #[error("its ID token is another issuer's")]
    OtherIssuer,
    /// The tokens are for a client other than the configured one.
    #[error("it was issued to another client")]
    OtherClient,
}

/// Some libraries write empty text for an absent value.
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
