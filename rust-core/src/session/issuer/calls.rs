//! Requests to the issuer, with a proof of possession where there is a key, and again where an answer was lost.

use url::Url;

use super::proofs::Possession;
use super::published::Issuer;
use crate::machine::Effect;
use crate::machine::error::Error;
use crate::machine::input::RequestFailed;
use crate::machine::retry::RetryPolicy;
use crate::model::configuration::Configuration;
use crate::model::proof_key::{ProofKey, TokenBinding};
use crate::model::time::Instant;
use crate::ports::LogLevel;
use crate::protocol::discovery::IssuerMetadata;
use crate::protocol::dpop::{binds_tokens, nonce, proof_problem};
use crate::protocol::endpoint::Endpoint;
use crate::protocol::message::{HttpAnswer, HttpRequest};

impl Issuer {
    /// See [`Exchange::call`].
    pub(in crate::session) async fn call(&self, endpoint: Endpoint, request: HttpRequest) -> Result<HttpAnswer, Error> {
        let outcome = self.exchange.call(endpoint, request).await;
        // The endpoint does not exist any more: the issuer may have moved it since an earlier launch.
        if let Ok(404 | 405 | 410) = outcome.as_ref().map(|answer| answer.status) {
            self.distrust_kept_metadata();
        }
        outcome
    }

    /// [`Issuer::call`] with a proof of possession if there is a key. Sends the request again with another proof if the
    /// server requires a nonce in it, or refuses it because of the time. The refused request had no effect (RFC 9449 5
    /// and 8).
    pub(in crate::session) async fn call_showing(
        &self,
        shown: Option<Possession<'_>>,
        endpoint: Endpoint,
        request: HttpRequest,
    ) -> Result<HttpAnswer, Error> {
        let Some(shown) = shown else {
            return self.call(endpoint, request).await;
        };
        let mut answered = Vec::new();
        loop {
            let (method, url) = (request.method.name(), &request.url);
            let proof = self.proofs.proof(shown, method, url, self.server_now()).await?;
            let proved = request.clone().with_proof(&proof, shown.access_token);
            let answer = self.call(endpoint, proved).await?;
            if let Some(nonce) = nonce(&answer) {
                self.proofs.keep_nonce(url, nonce);
            }
            match proof_problem(&answer) {
                Some(problem) if !answered.contains(&problem) => answered.push(problem),
                _ => return Ok(answer),
            }
        }
    }

    /// [`Issuer::call_showing`] for a request that is sent again at once if its answer is lost: the issuer may have acted
    /// on it, and gives the answer to the same request once more for moments only. How often is up to `retries`; without
    /// it, to the session machine, which counts for the renewal under way. Returns when the answered request was sent:
    /// the tokens' lifetime counts from then, because the process may have been suspended before it read the answer.
    pub(in crate::session) async fn call_again(
        &self,
        shown: Option<Possession<'_>>,
        endpoint: Endpoint,
        request: HttpRequest,
        mut retries: Option<&mut RetryPolicy>,
    ) -> Result<(HttpAnswer, Instant), Error> {
        loop {
            let sent = self.context.now();
            let error = match self.call_showing(shown, endpoint, request.clone()).await {
                Ok(answer) => return Ok((answer, sent)),
                Err(error) => error,
            };
            if !self.asks_again(&error, sent, retries.as_deref_mut()) {
                return Err(error);
            }
            let message = "asking again for the answer that was lost";
            self.context.log(LogLevel::Info, message);
            self.context.metering().retried();
        }
    }

    fn asks_again(&self, error: &Error, sent: Instant, retries: Option<&mut RetryPolicy>) -> bool {
        let (sent, now) = (sent.monotonic, self.context.now().monotonic);
        if let Some(retries) = retries {
            return retries.count_lost_answer(error, sent, now);
        }
        let error = error.clone();
        let failed = self.context.apply(RequestFailed { error, sent, now });
        failed.effects.contains(&Effect::SendAgain)
    }

    /// A proof for a request that the app sends itself.
    pub(in crate::session) async fn proof(
        &self,
        shown: Possession<'_>,
        method: &str,
        url: &Url,
    ) -> Result<String, Error> {
        self.proofs.proof(shown, method, url, self.server_now()).await
    }

    /// The next proof for this URL's origin contains this nonce, if it is valid.
    pub(in crate::session) fn keep_nonce(&self, url: &Url, nonce: &str) {
        self.proofs.keep_nonce(url, nonce);
    }

    /// A new key if tokens are to be bound; otherwise `None`.
    ///
    /// # Errors
    /// If no key can be made. If binding is optional, this is only logged, and the result is `None`.
    pub(in crate::session) async fn key_to_bind(&self, metadata: &IssuerMetadata) -> Result<Option<ProofKey>, Error> {
        self.key_to_bind_by(&self.context.configuration(), metadata).await
    }

    /// [`Issuer::key_to_bind`] by the configuration of a sign-in in progress.
    ///
    /// # Errors
    /// As [`Issuer::key_to_bind`].
    pub(in crate::session) async fn key_to_bind_by(
        &self,
        configuration: &Configuration,
        metadata: &IssuerMetadata,
    ) -> Result<Option<ProofKey>, Error> {
        if !binds_tokens(configuration, metadata)? {
            return Ok(None);
        }
        match self.proofs.make_key().await {
            Err(Error::ProofKey(problem)) if configuration.dpop == TokenBinding::WhenOffered => {
                let message = format!("the tokens are not bound to a key: {problem}");
                self.context.log(LogLevel::Warning, &message);
                Ok(None)
            }
            made => made.map(Some),
        }
    }
}
