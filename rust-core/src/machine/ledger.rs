//! How far each change has come: made in memory, given to the store, held by the store.

/// A change of the session that belongs in the store, by its number.
pub type Revision = u64;

/// The numbers of the changes that matter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Ledger {
    /// The last change in memory.
    current: Revision,
    /// Up to here the store was given all changes at least once, whether it took them or not.
    attempted: Revision,
    /// Up to here the store holds all changes.
    stored: Revision,
    /// The change that brought the tokens in memory.
    tokens: Revision,
    /// The change that brought the refresh token in memory.
    rotation: Revision,
}

impl Ledger {
    pub(super) fn current(&self) -> Revision {
        self.current
    }

    /// The change that brought the tokens in memory.
    pub(super) fn tokens(&self) -> Revision {
        self.tokens
    }

    /// One more change; gives its number.
    pub(super) fn change(&mut self) -> Revision {
        self.current += 1;
        self.current
    }

    /// The last change brought tokens.
    pub(super) fn brought_tokens(&mut self) {
        self.tokens = self.current;
    }

    /// The last change brought a refresh token.
    pub(super) fn brought_refresh_token(&mut self) {
        self.rotation = self.current;
    }

    /// The tokens in memory are those that the store holds.
    pub(super) fn took_tokens_from_store(&mut self) {
        (self.tokens, self.rotation) = (0, 0);
    }

    /// What is in memory is what the store holds.
    pub(super) fn took_all_from_store(&mut self) {
        (self.attempted, self.stored) = (self.current, self.current);
    }

    /// The store was given all changes up to this one.
    pub(super) fn attempt(&mut self, revision: Revision) {
        self.attempted = self.attempted.max(revision);
    }

    /// The store holds all changes up to this one.
    pub(super) fn store(&mut self, revision: Revision) {
        self.stored = self.stored.max(revision);
    }

    pub(super) fn has_unsaved(&self) -> bool {
        self.current != self.stored
    }

    /// Whether the store holds this change.
    pub(super) fn is_stored(&self, revision: Revision) -> bool {
        revision <= self.stored
    }

    /// Whether the store holds this change, or has refused it at least once.
    pub(super) fn is_attempted(&self, revision: Revision) -> bool {
        revision <= self.attempted.max(self.stored)
    }

    /// While this is false, callers are led to the call that writes.
    pub(super) fn tokens_are_stored(&self) -> bool {
        self.is_stored(self.tokens)
    }

    /// The refresh token in memory exists nowhere else, and an attempt to write it has failed.
    pub(super) fn rotation_could_not_be_stored(&self) -> bool {
        !self.is_stored(self.rotation) && self.rotation <= self.attempted
    }
}
