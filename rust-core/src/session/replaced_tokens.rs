//! Access tokens that are bound to a key (DPoP) and were replaced a moment ago.
//!
//! **Promises.** A caller that was given a bound token sends it with a proof, also where a renewal replaces it between the two: it
//! never goes out as a bearer token. They go when nobody is signed in any more, and are never stored. **Needs** nothing.

use std::collections::VecDeque;

use crate::machine::{Machine, Tokens};
use crate::model::proof_key::ProofKey;
use crate::model::secret::Secret;

/// More renewals than happen between a caller's two steps.
const MOST: usize = 8;

#[derive(Debug, Default)]
pub(super) struct ReplacedTokens(VecDeque<(Secret, ProofKey)>);

impl ReplacedTokens {
    /// Keeps those that were there `before` and are not any more.
    pub(super) fn note(&mut self, before: Vec<(Secret, ProofKey)>, machine: &Machine) {
        if machine.session().is_none() {
            self.forget();
            return;
        }
        for (token, key) in before {
            if Tokens::of(machine).binding(&token).is_none() {
                self.keep(token, key);
            }
        }
    }

    /// One more was replaced.
    pub(super) fn keep(&mut self, token: Secret, key: ProofKey) {
        self.0.push_back((token, key));
        if self.0.len() > MOST {
            self.0.pop_front();
        }
    }

    /// The session goes.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }

    /// The key that this token was bound to.
    pub(super) fn binding(&self, token: &Secret) -> Option<&ProofKey> {
        let mut all = self.0.iter();
        all.find(|(replaced, _)| replaced == token).map(|(_, key)| key)
    }
}
