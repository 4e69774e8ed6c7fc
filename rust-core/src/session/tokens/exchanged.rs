//! The tokens from token exchanges (RFC 8693).
//!
//! **Promises.** They stay in memory, at most 32, and are returned only for the session and the authentication with
//! which they were obtained. An answer that was requested before one of these changed is not kept. A bound token that
//! has recently been replaced is still sent with a proof. **Needs** the context.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::super::context::Context;
use super::super::replaced_tokens::ReplacedTokens;
use crate::machine::error::Error;
use crate::machine::{Cooldown, Generation, Machine};
use crate::model::credentials::Credentials;
use crate::model::proof_key::ProofKey;
use crate::model::secret::{Fingerprint, Secret};
use crate::model::time::Instant;
use crate::protocol::token::TokenAnswer;

/// The maximum number of tokens. The least recently used ones are discarded first.
const MOST: usize = 32;

#[derive(Debug)]
pub(in crate::session) struct ExchangedTokens {
    context: Arc<Context>,
    kept: Mutex<Kept>,
}

/// The session and authentication for which an exchange is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::session) struct Holder {
    generation: Generation,
    /// A step-up may leave the generation unchanged.
    authentication: u64,
}

impl Holder {
    pub(super) fn generation(self) -> Generation {
        self.generation
    }
}

#[derive(Debug, Default)]
struct Kept {
    /// The generation at the last access.
    generation: Generation,
    authentication: u64,
    /// The most recently used entry is last.
    all: Vec<Entry>,
    replaced: ReplacedTokens,
}

#[derive(Debug)]
struct Entry {
    key: Fingerprint,
    holder: Holder,
    token: Option<Received>,
    failure: Cooldown,
}

#[derive(Debug)]
struct Received {
    credentials: Credentials,
    /// By the monotonic clock.
    at: Duration,
}

impl ExchangedTokens {
    pub(in crate::session) fn new(context: Arc<Context>) -> Arc<Self> {
        let kept = Mutex::default();
        Arc::new(Self { context, kept })
    }

    /// Discards all tokens, because the session ends.
    pub(in crate::session) fn forget(&self) {
        self.expire();
        self.lock().replaced.forget();
    }

    /// Discards the tokens, because the session's user has authenticated again.
    pub(in crate::session) fn expire(&self) {
        let mut kept = self.lock();
        kept.authentication += 1;
        for entry in std::mem::take(&mut kept.all) {
            kept.note_replaced(entry.token);
        }
    }

    /// The key that this exchanged token is bound to.
    pub(super) fn binding(&self, token: &Secret) -> Option<ProofKey> {
        let kept = self.of_now();
        let mut all = kept.all.iter().filter_map(|entry| entry.token.as_ref());
        let held = all.find(|received| received.credentials.access_token.as_ref() == Some(token));
        match held {
            Some(received) => received.credentials.proof_key.clone(),
            None => kept.replaced.binding(token).cloned(),
        }
    }

    /// The current session and authentication.
    pub(super) fn holder(&self) -> Holder {
        self.of_now().holder()
    }

    /// The token, if it is good for at least `min_ttl`.
    pub(super) fn token(&self, key: Fingerprint, min_ttl: Duration) -> Option<Secret> {
        let now = self.context.now();
        let mut kept = self.of_now();
        let Received { credentials, at } = kept.used(key)?.token.as_ref()?;
        credentials.valid_access_token(min_ttl, Some(*at), now).cloned()
    }

    /// The token, whatever its age.
    pub(super) fn any_token(&self, key: Fingerprint) -> Option<Secret> {
        self.of_now()
            .used(key)?
            .token
            .as_ref()?
            .credentials
            .access_token
            .clone()
    }

    /// The lifetime of such tokens in seconds, according to the last one.
    pub(super) fn lifetime_seconds(&self, key: Fingerprint) -> Option<u64> {
        let mut kept = self.of_now();
        Some(kept.used(key)?.token.as_ref()?.credentials.lifetime_seconds)
    }

    /// The error of an exchange that has just failed.
    pub(super) fn refusal(&self, key: Fingerprint) -> Option<Error> {
        let now = self.context.now();
        self.of_now().used(key)?.failure.refusal(now)
    }

    /// Keeps the token; false if it was requested for another session, or before another authentication.
    pub(super) fn keep(&self, key: Fingerprint, asked: Holder, answer: &TokenAnswer, sent: Instant) -> bool {
        let credentials = Credentials {
            access_token: answer.access_token.clone(),
            refresh_token: None,
            id_token: None,
            scope: answer.scope.clone(),
            received_at: sent.wall,
            lifetime_seconds: Credentials::lifetime_for(answer.expires_in),
            lives_by_id_token: false,
            unchecked: false,
            proof_key: answer.proof_key.clone().filter(|_| answer.is_bound),
            is_bound: answer.is_bound,
        };
        let at = sent.monotonic;
        let mut replaced = None;
        let is_kept = self.change(key, asked, |entry| {
            replaced = entry.token.replace(Received { credentials, at });
            entry.failure = Cooldown::default();
        });
        self.lock().note_replaced(replaced);
        is_kept
    }

    /// Makes the next calls fail at once, for a short time. A kept token stays.
    pub(super) fn fail(&self, key: Fingerprint, asked: Holder, error: &Error) {
        let (now, chance) = (self.context.now(), self.context.chance().unwrap_or_default());
        self.change(key, asked, |entry| entry.failure.begin(error, now, chance));
    }

    /// Allows the next call to send a request.
    pub(super) fn end_failure(&self, key: Fingerprint, asked: Holder) {
        self.change(key, asked, |entry| entry.failure = Cooldown::default());
    }

    fn change(&self, key: Fingerprint, asked: Holder, change: impl FnOnce(&mut Entry)) -> bool {
        let mut kept = self.of_now();
        if asked != kept.holder() {
            return false;
        }
        if kept.used(key).is_none() {
            if kept.all.len() == MOST {
                let oldest = kept.all.remove(0);
                kept.note_replaced(oldest.token);
            }
            kept.all.push(Entry {
                key,
                holder: asked,
                token: None,
                failure: Cooldown::default(),
            });
        }
        if let Some(entry) = kept.all.last_mut() {
            change(entry);
        }
        true
    }

    /// The entries, without those of a session that is gone.
    fn of_now(&self) -> MutexGuard<'_, Kept> {
        let generation = self.context.read(Machine::generation);
        let mut kept = self.lock();
        kept.generation = generation;
        kept.all.retain(|entry| entry.holder.generation == generation);
        kept
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn holder(&self) -> Holder {
        Holder {
            generation: self.generation,
            authentication: self.authentication,
        }
    }

    fn note_replaced(&mut self, token: Option<Received>) {
        let credentials = token.map(|received| received.credentials);
        if let Some((Some(token), Some(key))) = credentials.map(|held| (held.access_token, held.proof_key)) {
            self.replaced.keep(token, key);
        }
    }

    /// The entry, which becomes the most recently used one.
    fn used(&mut self, key: Fingerprint) -> Option<&mut Entry> {
        let place = self.all.iter().position(|entry| entry.key == key)?;
        let entry = self.all.remove(place);
        self.all.push(entry);
        self.all.last_mut()
    }
}
