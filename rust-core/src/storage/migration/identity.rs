//! Whose session it is: what an imported ID token says of itself.
//!
//! Its signature is not verified: it is long expired as a rule, its keys may be gone, and a tenant of Lock's days may
//! have signed it with HS256, which a public client cannot check. It came out of the app's own Keychain, into which the
//! old library had put it. So it is believed for one thing, which user the session is shown for until the first
//! renewal, and never for less than a check that it takes away: an issuer or a client that is not ours is refused.

use serde_json::{Map, Value};

use super::foreign_session::ImportProblem;
use crate::jose::{decode_object, names_audience};
use crate::model::json::text_of;
use crate::model::numeric_date::lenient_date;
use crate::model::secret::Secret;
use crate::model::time::Timestamp;

/// What is used of the claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnverifiedIdentity {
    /// `iss`, as the issuer writes it.
    pub issuer: String,
    /// `sub`
    pub subject: String,
    /// `nonce`, which some issuers repeat in the ID tokens of renewals.
    pub nonce: Option<Secret>,
    /// `auth_time`
    pub authenticated_at: Option<Timestamp>,
}

impl UnverifiedIdentity {
    /// Reads the claims of `id_token`. `issuer` is compared without its last slash, which a configuration may lack.
    ///
    /// # Errors
    /// [`ImportProblem::UnknownUser`] where it is not a JWT with `sub`; [`ImportProblem::OtherIssuer`],
    /// [`ImportProblem::OtherClient`].
    pub fn read(id_token: &Secret, issuer: &str, client_id: &str) -> Result<Self, ImportProblem> {
        let claims = claims_of(id_token).ok_or(ImportProblem::UnknownUser)?;
        let text = |name: &str| text_of(&claims, name).filter(|text| !text.is_empty());
        let subject = text("sub").ok_or(ImportProblem::UnknownUser)?;
        let sent_issuer = text("iss").unwrap_or_default();
        if sent_issuer.trim_end_matches('/') != issuer.trim_end_matches('/') {
            return Err(ImportProblem::OtherIssuer);
        }
        if !claims.get("aud").is_some_and(|aud| names_audience(aud, client_id)) {
            return Err(ImportProblem::OtherClient);
        }
        Ok(Self {
            issuer: sent_issuer.to_owned(),
            subject: subject.to_owned(),
            nonce: text("nonce").map(Secret::new),
            authenticated_at: claims.get("auth_time").and_then(lenient_date),
        })
    }
}

fn claims_of(jwt: &Secret) -> Option<Map<String, Value>> {
    let mut parts = jwt.expose().split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    // Padding is against the rules (RFC 7515 2), and some wrote it.
    decode_object(payload.trim_end_matches('='))
}
