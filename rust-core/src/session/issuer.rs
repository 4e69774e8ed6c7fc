//! The issuer's endpoints and keys: fetched when first needed, kept in memory.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use super::Shared;
use crate::jose::IdTokenProblem;
use crate::jose::{self, Expectations, IdTokenClaims, KeySet, ValidationContext, VerifiedClaims, newer_keys_may_help};
use crate::machine::error::Error;
use crate::model::configuration::IssuerUrl;
use crate::model::secret::Secret;
use crate::protocol::discovery::{self, IssuerMetadata};
use crate::protocol::endpoint::Endpoint;
use crate::protocol::failure::resource_failure;

/// What is known of the issuer. These locks are held while fetching, so that many callers share one request; the path
/// of a valid token does not come here.
#[derive(Debug, Default)]
pub(super) struct Issuer {
    metadata: Mutex<Option<Fetched<IssuerMetadata>>>,
    keys: Mutex<Option<Fetched<KeySet>>>,
}

#[derive(Debug)]
struct Fetched<T> {
    value: Arc<T>,
    at: Duration,
}

/// Endpoints hardly ever change, and keys are withdrawn now and then; an app's process can live for weeks. What cannot
/// be fetched again is used on.
const LONGEST_AGE: Duration = Duration::from_secs(24 * 3600);
/// Keys are fetched again for a token they do not fit, but not for every such token: it may be forged.
const LEAST_KEYS_AGE: Duration = Duration::from_secs(60);

impl Shared {
    /// The issuer's endpoints. For Auth0 without a request.
    ///
    /// # Errors
    /// As [`IssuerMetadata::read`], and [`Error::Transport`]. A document fetched earlier is used on when it cannot be
    /// fetched again.
    pub(super) async fn metadata(&self) -> Result<Arc<IssuerMetadata>, Error> {
        let issuer = &self.configuration.issuer;
        let mut cached = self.issuer.metadata.lock().await;
        let now = self.now().monotonic;
        if let Some(known) = cached.as_ref().filter(|known| !self.is_old(known)) {
            return Ok(Arc::clone(&known.value));
        }
        let fetched = match issuer {
            IssuerUrl::Auth0(base) => Ok(IssuerMetadata::of_auth0(base)),
            IssuerUrl::OpenIdConnect(url) => match self.call(Endpoint::Discovery, discovery::request(issuer)).await {
                Ok(answer) => IssuerMetadata::read(&answer, url, self.server_now()).map_err(Error::from),
                Err(error) => Err(error),
            },
        };
        match (fetched, cached.as_ref()) {
            (Ok(metadata), _) => {
                let value = Arc::new(metadata);
                *cached = Some(Fetched {
                    value: Arc::clone(&value),
                    at: now,
                });
                Ok(value)
            }
            (Err(_), Some(known)) => Ok(Arc::clone(&known.value)),
            (Err(error), None) => Err(error),
        }
    }

    /// Makes sure that keys are there, before something is spent that needs them.
    pub(super) async fn prefetch_keys(&self) -> Result<(), Error> {
        let mut cached = self.issuer.keys.lock().await;
        if cached.is_none() {
            self.fetch_keys(&mut cached).await?;
        }
        Ok(())
    }

    /// Verifies an ID token.
    ///
    /// # Errors
    /// [`Error::IdToken`]; with [`IdTokenProblem::KeysUnavailable`] when the fitting key could not be looked for just
    /// now.
    pub(super) async fn verify_id_token(
        &self,
        token: &Secret,
        context: ValidationContext<'_>,
    ) -> Result<IdTokenClaims, Error> {
        let verified = self.verify_signed(token).await?;
        self.judge(verified, context).await
    }

    /// The same for one that came straight from an older Auth0 tenant, which may sign with the client's secret: see
    /// [`jose::claims_signed_with_secret`].
    pub(super) async fn verify_direct_id_token(
        &self,
        token: &Secret,
        context: ValidationContext<'_>,
    ) -> Result<IdTokenClaims, Error> {
        match jose::claims_signed_with_secret(token)? {
            Some(claims) => self.judge(claims, context).await,
            None => self.verify_id_token(token, context).await,
        }
    }

    async fn judge(&self, verified: VerifiedClaims, context: ValidationContext<'_>) -> Result<IdTokenClaims, Error> {
        let metadata = self.metadata().await?;
        let judge = |now| {
            let expected = Expectations {
                issuer: &metadata.issuer,
                client_id: &self.configuration.client_id,
                now,
                leeway_seconds: self.configuration.leeway_seconds,
                context,
            };
            jose::validate(verified.clone(), &expected)
        };
        // The server's clock is the one that wrote the token. A server (or a proxy) that sends a wrong Date gets a
        // second hearing by the device's clock; that the token is fresh follows already from nonce and TLS.
        let judged = match judge(self.server_now()) {
            Err(IdTokenProblem::Expired | IdTokenProblem::IssuedInTheFuture) => judge(self.now().wall),
            judged => judged,
        };
        Ok(judged?)
    }

    /// Verifies the signature of any JWT of the issuer's, fetching its keys (again) where that may help.
    pub(super) async fn verify_signed(&self, token: &Secret) -> Result<VerifiedClaims, Error> {
        let metadata = self.metadata().await?;
        let mut cached = self.issuer.keys.lock().await;
        if cached.as_ref().is_some_and(|known| self.is_old(known)) {
            // Logged where it failed.
            let _ = self.fetch_keys(&mut cached).await;
        }
        let verify = |keys: &KeySet| jose::verify_signature(token, keys, &metadata.id_token_algorithms);
        let problem = match cached.as_ref().map(|known| (verify(&known.value), known.at)) {
            Some((Ok(verified), _)) => return Ok(verified),
            Some((Err(problem), at)) if newer_keys_may_help(&problem) => {
                if self.now().monotonic.saturating_sub(at) < LEAST_KEYS_AGE {
                    // A missing key may be a new one that cannot be looked for yet; a wrong signature is wrong.
                    let unknown = problem == IdTokenProblem::UnknownKey;
                    return Err(if unknown {
                        IdTokenProblem::KeysUnavailable
                    } else {
                        problem
                    }
                    .into());
                }
                Some(problem)
            }
            Some((Err(problem), _)) => return Err(problem.into()),
            None => None,
        };
        match self.fetch_keys(&mut cached).await {
            Ok(keys) => Ok(verify(&keys)?),
            // A wrong signature under known keys stays wrong while newer ones cannot be had.
            Err(_) if problem == Some(IdTokenProblem::BadSignature) => Err(IdTokenProblem::BadSignature.into()),
            Err(error) => Err(error),
        }
    }

    fn is_old<T>(&self, known: &Fetched<T>) -> bool {
        self.now().monotonic.saturating_sub(known.at) >= LONGEST_AGE
    }

    async fn fetch_keys(&self, cached: &mut Option<Fetched<KeySet>>) -> Result<Arc<KeySet>, Error> {
        let metadata = self.metadata().await?;
        let answer = self
            .call(Endpoint::Keys, discovery::keys_request(&metadata.jwks_uri))
            .await?;
        if !answer.is_success() {
            return Err(resource_failure(Endpoint::Keys, &answer, self.server_now()).into());
        }
        let value = Arc::new(KeySet::parse(answer.body.expose())?);
        *cached = Some(Fetched {
            value: Arc::clone(&value),
            at: self.now().monotonic,
        });
        Ok(value)
    }
}

/// Whether an ID token could not be verified only because the issuer's keys cannot be read now. One that came over TLS
/// from the issuer itself may do without (OpenID Connect Core 3.1.3.7, 6.).
pub(super) fn keys_cannot_be_had(error: &Error) -> bool {
    matches!(
        error,
        Error::IdToken(IdTokenProblem::KeysUnavailable)
            | Error::Transport { .. }
            | Error::ServerFault { .. }
            | Error::RateLimited { .. }
            | Error::UnexpectedAnswer { .. }
    )
}
