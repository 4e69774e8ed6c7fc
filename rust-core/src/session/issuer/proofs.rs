//! Proofs of possession (DPoP, RFC 9449), and the nonces that servers require in them.
//!
//! **Promises.** A proof contains the server's time, and the last nonce from its origin, whether this process received
//! it or another one that has stored it since. **Needs** the context and the port for keys.

use std::sync::Arc;

use url::Url;

use super::super::context::Context;
use crate::jose::{ProofClaims, signed_proof, unsigned_proof};
use crate::machine::error::Error;
use crate::machine::input::NonceKnown;
use crate::model::proof_key::ProofKey;
use crate::model::proof_nonces::ProofNonce;
use crate::model::secret::Secret;
use crate::model::time::Timestamp;
use crate::ports::{LogLevel, ProofKeys};
use crate::protocol::dpop::{is_nonce, origin};

/// The key, and any access token, with which a request proves possession.
#[derive(Clone, Copy, Debug)]
pub(in crate::session) struct Possession<'a> {
    pub(in crate::session) key: &'a ProofKey,
    /// The access token that the request carries, bound to the same key.
    pub(in crate::session) access_token: Option<&'a Secret>,
}

impl<'a> Possession<'a> {
    /// Possession of this key, in a request without an access token.
    pub(in crate::session) fn of(key: &'a ProofKey) -> Self {
        Self {
            key,
            access_token: None,
        }
    }
}

#[derive(Debug)]
pub(super) struct Proofs {
    context: Arc<Context>,
    keys: Arc<dyn ProofKeys>,
}

impl Proofs {
    pub(super) fn new(context: Arc<Context>, keys: Arc<dyn ProofKeys>) -> Self {
        Self { context, keys }
    }

    /// Makes a new key.
    pub(super) async fn make_key(&self) -> Result<ProofKey, Error> {
        let key = self.keys.create().await?;
        let place = if key.in_hardware {
            "in the device's hardware"
        } else {
            "in software, because there is no hardware for it"
        };
        let message = format!("made a key that the tokens are bound to, {place}");
        self.context.log(LogLevel::Info, &message);
        Ok(key)
    }

    /// Makes a proof for one request.
    pub(super) async fn proof(
        &self,
        shown: Possession<'_>,
        method: &str,
        url: &Url,
        issued_at: Timestamp,
    ) -> Result<String, Error> {
        let nonce = self.nonce(url);
        let claims = ProofClaims {
            id: &self.context.random()?,
            method,
            url,
            issued_at,
            nonce: nonce.as_deref(),
            access_token: shown.access_token,
        };
        let unsigned = unsigned_proof(&shown.key.public, &claims);
        let signature = self.keys.sign(shown.key, unsigned.as_bytes()).await?;
        Ok(signed_proof(&unsigned, &signature))
    }

    /// The next proof for this URL's origin contains this nonce.
    pub(super) fn keep_nonce(&self, url: &Url, nonce: &str) {
        if !is_nonce(nonce) || self.nonce(url).as_deref() == Some(nonce) {
            return;
        }
        let nonce = ProofNonce {
            origin: origin(url),
            nonce: nonce.to_owned(),
            received_at: self.context.now().wall,
        };
        self.context.apply(NonceKnown { nonce });
    }

    fn nonce(&self, url: &Url) -> Option<String> {
        let origin = origin(url);
        self.context
            .read(|machine| machine.proof_nonce(&origin).map(str::to_owned))
    }
}
