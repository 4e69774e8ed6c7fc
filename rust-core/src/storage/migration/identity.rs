//! The user of an imported session, according to its ID token.
//!
//! The ID token's signature is not verified: the token has usually expired, its keys may be gone, and a tenant of
//! Lock's time may have signed it with HS256, which a public client cannot check. It came from the app's own Keychain,
//! where the old library had put it. So it is trusted for one purpose: which user the session is shown for until the
//! first renewal. It never replaces a check: another issuer or another client is refused.

use serde_json::{Map, Value};

use super::foreign_session::ImportProblem;
use crate::jose::{decode_object, names_audience};
use crate::model::json::text_of;
use crate::model::numeric_date::lenient_date;
use crate::model::secret::Secret;
use crate::model::time::Timestamp;

/// The claims that are used.
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
    /// Reads the claims of `id_token`. `issuer` is compared without a trailing slash, which a configuration may lack.
    ///
    /// # Errors
    /// [`ImportProblem::UnknownUser`] if it is not a JWT with `sub`; [`ImportProblem::OtherIssuer`],
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
    // RFC 7515 2 forbids padding, but some issuers wrote it.
    decode_object(payload.trim_end_matches('='))
}
