//! Proofs of possession in requests, and what answers say about them (DPoP, RFC 9449).

use url::Url;

use super::answer::unexpected;
use super::discovery::IssuerMetadata;
use super::failure::{NONCE_HINT, PROOF_HINT, says};
use crate::model::configuration::Configuration;
use crate::model::proof_key::{ALGORITHM, FIELD, TokenBinding};
use crate::model::secret::Secret;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::error::ProtocolError;
use crate::protocol::message::{HttpAnswer, HttpRequest};

/// The longest nonce that is accepted; no server sends longer ones.
const LONGEST_NONCE: usize = 1024;

/// Why a request is sent again with another proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofProblem {
    /// The proof lacks a nonce, or its nonce has expired; the answer contains the next one (RFC 9449 8 and 9).
    Nonce,
    /// The proof was not accepted. The answer contains the server's time, which the next proof uses.
    Invalid,
}

/// Whether tokens are to be bound to a key of this device at this issuer.
///
/// # Errors
/// [`ProtocolError::Configuration`] if binding is required and the issuer accepts only other algorithms.
pub fn binds_tokens(configuration: &Configuration, metadata: &IssuerMetadata) -> Result<bool, ProtocolError> {
    let offered = metadata.proof_algorithms.as_ref();
    let takes_ours = offered.map(|names| names.iter().any(|name| name == ALGORITHM));
    match (configuration.dpop, takes_ours) {
        (TokenBinding::Off, _) => Ok(false),
        (TokenBinding::WhenOffered, takes_ours) => Ok(takes_ours == Some(true)),
        // The issuer may have left out the field; its answers will show whether it accepts proofs.
        (TokenBinding::Required, None | Some(true)) => Ok(true),
        (TokenBinding::Required, Some(false)) => Err(ProtocolError::Configuration {
            server: Endpoint::DISCOVERY.into(),
            field: FIELD,
            problem: "the issuer does not accept proofs signed with ES256 (dpop_signing_alg_values_supported)".into(),
        }),
    }
}

/// The error for a token that is not bound although that is required.
pub fn not_bound(answered: Endpoint) -> ProtocolError {
    ProtocolError::Configuration {
        server: answered.into(),
        field: FIELD,
        problem:
            "the issuer gave a token that is not bound to the key (token_type Bearer), and that is required here: \
                  switch it on at the issuer (Auth0 Dashboard > Applications > APIs > the API > Settings > Token \
                  Sender-Constraining, and the same in the application's settings), or let it be whenOffered"
                .into(),
    }
}

/// Whether the server requires another proof, and why.
pub fn proof_problem(answer: &HttpAnswer) -> Option<ProofProblem> {
    if !matches!(answer.status, 400 | 401) {
        return None;
    }
    if says(answer, "use_dpop_nonce") && nonce(answer).is_some() {
        return Some(ProofProblem::Nonce);
    }
    says(answer, "invalid_dpop_proof").then_some(ProofProblem::Invalid)
}

/// The error if a server that received an access token has finally refused the proof: another proof was sent already
/// (RFC 9449 7.1 and 9). The token itself may still be valid.
pub fn proof_failure(endpoint: Endpoint, answer: &HttpAnswer) -> Option<ProtocolError> {
    match answer.status {
        400 | 401 if says(answer, "use_dpop_nonce") => Some(unexpected(endpoint, answer, NONCE_HINT)),
        400 | 401 if says(answer, "invalid_dpop_proof") => Some(ProtocolError::Configuration {
            server: answer.server(endpoint),
            field: FIELD,
            problem: PROOF_HINT.into(),
        }),
        _ => None,
    }
}

/// The nonce for the next proof for this server (RFC 9449 8.2).
pub fn nonce(answer: &HttpAnswer) -> Option<&str> {
    answer.header("dpop-nonce").filter(|nonce| is_nonce(nonce))
}

/// Whether the text has the syntax of a nonce (RFC 9449 8.1).
pub fn is_nonce(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
    (1..=LONGEST_NONCE).contains(&text.len()) && text.bytes().all(is_allowed)
}

/// The origin of the URL: nonces are kept per origin.
pub fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

impl HttpRequest {
    /// The request with this proof. If it carries an access token, that is bound to the same key (RFC 9449 7.1).
    #[must_use]
    pub fn with_proof(mut self, proof: &str, access_token: Option<&Secret>) -> Self {
        if let Some(token) = access_token {
            self.headers.retain(|(name, _)| name != "authorization");
            let value = zeroize::Zeroizing::new(format!("DPoP {}", token.expose()));
            self = self.with_header("authorization", &value);
        }
        self.with_header("dpop", proof)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::secret::SecretBytes;

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> HttpAnswer {
        HttpAnswer {
            host: String::new(),
            status,
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: SecretBytes::new(body.as_bytes().to_vec()),
        }
    }

    #[test]
    fn another_proof_is_made_for_a_nonce_that_is_there_and_for_a_proof_that_was_refused() {
        let wants_nonce = r#"{"error":"use_dpop_nonce"}"#;
        let challenge = ("www-authenticate", "DPoP error=\"use_dpop_nonce\"");
        let nonce = ("dpop-nonce", "n-1");
        let problem = |status, headers: &[_], body| proof_problem(&answer(status, headers, body));
        assert_eq!(problem(400, &[nonce], wants_nonce), Some(ProofProblem::Nonce));
        assert_eq!(problem(401, &[nonce, challenge], ""), Some(ProofProblem::Nonce));
        assert_eq!(problem(400, &[], wants_nonce), None);
        assert_eq!(problem(200, &[nonce], wants_nonce), None);
        assert_eq!(problem(401, &[nonce], "{}"), None);
        assert_eq!(
            problem(400, &[], r#"{"error":"invalid_dpop_proof"}"#),
            Some(ProofProblem::Invalid)
        );
    }

    #[test]
    fn what_is_no_nonce_is_ignored() {
        for text in ["", "a b", "a\"b", "a\\b", "é", &"n".repeat(LONGEST_NONCE + 1)] {
            assert!(!is_nonce(text), "{text}");
        }
        assert!(is_nonce("eyJ7S_zG.eyJH0-Z.HX4w-7v") && is_nonce("!~#"));
    }
}
