//! Access tokens that are bound to a key (DPoP) and have recently been replaced.
//!
//! **Promises.** A caller that got a bound token sends it with a proof, even if a renewal replaces the token before the
//! request: it is never sent as a bearer token. These tokens are discarded when no user is signed in any more, and are
//! never stored. **Needs** nothing.

use std::collections::VecDeque;

use crate::machine::{Machine, Tokens};
use crate::model::proof_key::ProofKey;
use crate::model::secret::Secret;

/// More renewals than happen between the two steps of a caller.
const MOST: usize = 8;

#[derive(Debug, Default)]
pub(super) struct ReplacedTokens(VecDeque<(Secret, ProofKey)>);

impl ReplacedTokens {
    /// Keeps the tokens in `before` that the machine does not hold any more.
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

    /// Adds a replaced token.
    pub(super) fn keep(&mut self, token: Secret, key: ProofKey) {
        self.0.push_back((token, key));
        if self.0.len() > MOST {
            self.0.pop_front();
        }
    }

    /// Discards all tokens, because the session ends.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }

    /// The key that this token was bound to.
    pub(super) fn binding(&self, token: &Secret) -> Option<&ProofKey> {
        let mut all = self.0.iter();
        all.find(|(replaced, _)| replaced == token).map(|(_, key)| key)
    }
}
