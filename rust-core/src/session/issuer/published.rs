//! The issuer's endpoints and keys.
//!
//! **Promises.** They are fetched when first needed, once for concurrent callers, and kept in memory. If they cannot be
//! fetched again, the old ones stay in use. **Needs** the context and the exchange.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use url::Url;

use super::super::context::Context;
use super::exchange::Exchange;
use super::proofs::Proofs;
use crate::jose::{self, Algorithm, IdTokenError, IdTokenProblem, KeySet, VerifiedClaims, newer_keys_may_help};
use crate::machine::error::Error;
use crate::machine::input::DiscoveryKnown;
use crate::model::configuration::IssuerUrl;
use crate::model::json::Object;
use crate::model::secret::Secret;
use crate::model::time::Timestamp;
use crate::ports::{ProofKeys, Transport};
use crate::protocol::answer::unexpected;
use crate::protocol::discovery::{self, IssuerMetadata};
use crate::protocol::endpoint::Endpoint;
use crate::protocol::failure::resource_failure;
use crate::protocol::message::HttpAnswer;
use crate::storage::envelope::KeptDiscovery;

/// What is known about the issuer. These locks are held during a fetch, so that concurrent callers share one request. A
/// call that has a valid token does not come here.
#[derive(Debug)]
pub(in crate::session) struct Issuer {
    pub(super) context: Arc<Context>,
    pub(super) exchange: Exchange,
    pub(super) proofs: Proofs,
    metadata: Mutex<Option<Known>>,
    keys: Mutex<Option<Keys>>,
}

/// The issuer's endpoints.
#[derive(Debug)]
struct Known {
    /// The configured issuer at that time.
    issuer: IssuerUrl,
    value: Arc<IssuerMetadata>,
    /// Until when they need not be fetched again, by the monotonic clock.
    good_until: Duration,
    /// Whether an earlier launch kept them with the session.
    is_kept: bool,
}

#[derive(Debug)]
struct Keys {
    fetched: Fetched<KeySet>,
    /// The `kid`s of unknown keys that caused a fetch within the last minute.
    looked_for: Vec<String>,
}

#[derive(Debug)]
struct Fetched<T> {
    value: Arc<T>,
    at: Duration,
}

/// Endpoints hardly ever change, and keys are withdrawn now and then; an app's process can live for weeks. If they
/// cannot be fetched again, the old ones stay in use.
const LONGEST_AGE: Duration = Duration::from_secs(24 * 3600);
/// If keys that are older than this do not fit a token, they are fetched again.
const LEAST_KEYS_AGE: Duration = Duration::from_secs(60);
/// Younger keys are fetched again for a `kid` that has not caused a fetch yet: the issuer may have just changed its
/// keys. At most this many times within a minute, because the tokens may be forged.
const MOST_KEYS_LOOKED_FOR: usize = 4;

impl Issuer {
    pub(in crate::session) fn new(
        context: Arc<Context>,
        transport: Arc<dyn Transport>,
        keys: Arc<dyn ProofKeys>,
    ) -> Arc<Self> {
        Arc::new(Self {
            proofs: Proofs::new(Arc::clone(&context), keys),
            exchange: Exchange::new(Arc::clone(&context), transport),
            context,
            metadata: Mutex::default(),
            keys: Mutex::default(),
        })
    }

    /// See [`Exchange::server_now`].
    pub(in crate::session) fn server_now(&self) -> Timestamp {
        self.exchange.server_now()
    }

    /// The issuer's endpoints. For Auth0 without a request; otherwise as kept with the session, or by discovery.
    ///
    /// # Errors
    /// As [`IssuerMetadata::read`], and [`Error::Transport`]. If an earlier document cannot be fetched again, it stays
    /// in use.
    pub(in crate::session) async fn metadata(&self) -> Result<Arc<IssuerMetadata>, Error> {
        let configuration = self.context.configuration();
        let issuer = &configuration.issuer;
        let mut cached = self.metadata.lock().await;
        cached.take_if(|known| known.issuer != *issuer);
        if cached.is_none() {
            *cached = self.kept(issuer);
        }
        if let Some(known) = cached.as_ref().filter(|known| self.is_good(known)) {
            return Ok(Arc::clone(&known.value));
        }
        let fetched = match issuer {
            IssuerUrl::Auth0(base) => Ok(IssuerMetadata::of_auth0(base)),
            IssuerUrl::OpenIdConnect(url) => self.fetch_metadata(issuer, url).await,
        };
        match (fetched, cached.as_ref()) {
            (Ok(metadata), _) => {
                let value = Arc::new(metadata);
                *cached = Some(Known {
                    issuer: issuer.clone(),
                    value: Arc::clone(&value),
                    good_until: self.context.now().monotonic + LONGEST_AGE,
                    is_kept: false,
                });
                Ok(value)
            }
            (Err(_), Some(known)) => Ok(Arc::clone(&known.value)),
            (Err(error), None) => Err(error),
        }
    }

    /// The endpoints are fetched again at the next call if an earlier launch kept them.
    pub(super) fn distrust_kept_metadata(&self) {
        if let Ok(mut known) = self.metadata.try_lock()
            && let Some(kept) = known.as_mut().filter(|known| known.is_kept)
        {
            kept.good_until = Duration::ZERO;
        }
    }

    async fn fetch_metadata(&self, issuer: &IssuerUrl, url: &Url) -> Result<IssuerMetadata, Error> {
        let answer = self.fetch_document(issuer).await?;
        let (metadata, document) = IssuerMetadata::read_with_document(&answer, url, self.server_now())?;
        if let Some(document) = discovery::kept_part(document) {
            let fetched_at = self.context.now().wall;
            let discovery = KeptDiscovery { document, fetched_at };
            self.context.apply(DiscoveryKnown { discovery });
        }
        Ok(metadata)
    }

    /// The document that an earlier launch kept with the session, checked like a new one. Its age is measured by the
    /// device's clock; if that was set back, the document counts as too old.
    fn kept(&self, issuer: &IssuerUrl) -> Option<Known> {
        let IssuerUrl::OpenIdConnect(url) = issuer else {
            return None;
        };
        let kept = self.context.read(|machine| machine.session()?.discovery.clone())?;
        let document = Object::read(kept.document.as_bytes())?.into_members();
        let value = Arc::new(IssuerMetadata::of_document(&document, url).ok()?);
        self.context.apply(DiscoveryKnown {
            discovery: kept.clone(),
        });
        let now = self.context.now();
        let age = u64::try_from(now.wall.seconds_since(kept.fetched_at)).map_or(LONGEST_AGE, Duration::from_secs);
        Some(Known {
            issuer: issuer.clone(),
            value,
            good_until: now.monotonic + LONGEST_AGE.saturating_sub(age),
            is_kept: true,
        })
    }

    /// Fetches the discovery document; follows one move of it.
    async fn fetch_document(&self, issuer: &IssuerUrl) -> Result<HttpAnswer, Error> {
        let answer = self.call(Endpoint::DISCOVERY, discovery::request(issuer)).await?;
        match discovery::moved_request(&answer, issuer) {
            Some(request) => self.call(Endpoint::DISCOVERY, request).await,
            None => Ok(answer),
        }
    }

    /// Makes sure that keys are available, before something is spent that needs them.
    pub(in crate::session) async fn prefetch_keys(&self) -> Result<(), Error> {
        let mut cached = self.keys.lock().await;
        if cached.is_none() {
            self.fetch_keys(&mut cached).await?;
        }
        Ok(())
    }

    /// Verifies the signature of an ID token that came straight from the issuer with the available keys, even if they
    /// are old: for such a token TLS alone would suffice (OpenID Connect Core 3.1.3.7, 6.). `None` if keys, or newer
    /// keys, have to be fetched first.
    pub(super) fn verify_signed_at_once(&self, token: &Secret) -> Option<Result<VerifiedClaims, IdTokenError>> {
        let metadata = self.metadata.try_lock().ok()?;
        let metadata = metadata.as_ref().filter(|known| self.is_good(known))?;
        let keys = self.keys.try_lock().ok()?;
        let keys = &keys.as_ref()?.fetched;
        let verified = jose::verify_signature(token, &keys.value, &metadata.value.id_token_algorithms);
        let is_final = verified
            .as_ref()
            .err()
            .is_none_or(|error| !newer_keys_may_help(&error.problem));
        is_final.then_some(verified)
    }

    /// Verifies the signature of any JWT from the issuer; fetches the keys (again) if that may help.
    pub(super) async fn verify_signed(&self, token: &Secret, allowed: &[Algorithm]) -> Result<VerifiedClaims, Error> {
        let mut cached = self.keys.lock().await;
        if cached.as_ref().is_some_and(|known| self.is_old(&known.fetched)) {
            // The failure is logged where it occurs.
            let _ = self.fetch_keys(&mut cached).await;
        }
        let verify = |keys: &KeySet| jose::verify_signature(token, keys, allowed);
        let problem = match cached.as_ref().map(|known| verify(&known.fetched.value)) {
            Some(Ok(verified)) => return Ok(verified),
            Some(Err(error)) if !newer_keys_may_help(&error.problem) => return Err(error.into()),
            Some(Err(error)) => Some(error.problem),
            None => None,
        };
        if let (Some(problem), Some(known)) = (&problem, cached.as_mut())
            && !self.may_look_again(known, problem, token)
        {
            // A missing key may be a new one that cannot be fetched yet; a wrong signature stays wrong.
            return Err(IdTokenError::from(match problem {
                IdTokenProblem::UnknownKey => IdTokenProblem::KeysUnavailable,
                problem => problem.clone(),
            })
            .into());
        }
        match self.fetch_keys(&mut cached).await {
            Ok(keys) => Ok(verify(&keys)?),
            // A signature that is wrong under known keys stays wrong while newer keys are unavailable.
            Err(_) if problem == Some(IdTokenProblem::BadSignature) => {
                Err(IdTokenError::from(IdTokenProblem::BadSignature).into())
            }
            Err(error) => Err(error),
        }
    }

    /// Whether to fetch keys that do not fit again for this token.
    fn may_look_again(&self, known: &mut Keys, problem: &IdTokenProblem, token: &Secret) -> bool {
        if self.context.now().monotonic.saturating_sub(known.fetched.at) >= LEAST_KEYS_AGE {
            return true;
        }
        let unknown = (*problem == IdTokenProblem::UnknownKey).then(|| jose::key_id(token));
        let Some(key_id) = unknown.flatten() else {
            return false;
        };
        let is_new = !known.looked_for.contains(&key_id) && known.looked_for.len() < MOST_KEYS_LOOKED_FOR;
        if is_new {
            known.looked_for.push(key_id);
        }
        is_new
    }

    fn is_good(&self, known: &Known) -> bool {
        self.context.now().monotonic < known.good_until
    }

    fn is_old<T>(&self, known: &Fetched<T>) -> bool {
        self.context.now().monotonic.saturating_sub(known.at) >= LONGEST_AGE
    }

    async fn fetch_keys(&self, cached: &mut Option<Keys>) -> Result<Arc<KeySet>, Error> {
        let metadata = self.metadata().await?;
        let answer = self
            .call(discovery::KEYS, discovery::keys_request(&metadata.jwks_uri))
            .await?;
        if !answer.is_success() {
            return Err(resource_failure(discovery::KEYS, &answer, self.server_now()).into());
        }
        let keys = KeySet::parse(answer.body.expose());
        let value = Arc::new(keys.map_err(|_| unexpected(discovery::KEYS, &answer, "not a JSON Web Key Set"))?);
        let now = self.context.now().monotonic;
        let within_a_minute = |known: &Keys| now.saturating_sub(known.fetched.at) < LEAST_KEYS_AGE;
        let looked_for = cached.take().filter(within_a_minute).map(|known| known.looked_for);
        *cached = Some(Keys {
            fetched: Fetched {
                value: Arc::clone(&value),
                at: now,
            },
            looked_for: looked_for.unwrap_or_default(),
        });
        Ok(value)
    }
}
