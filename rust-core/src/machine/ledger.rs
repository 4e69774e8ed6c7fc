//! How far each change has come: made in memory, given to the store, held by the store.

/// The number of a change that belongs in the store.
pub type Revision = u64;

/// The numbers of the changes that matter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Ledger {
    /// The last change in memory.
    current: Revision,
    /// The store was given all changes up to this one at least once, whether it took them or not.
    attempted: Revision,
    /// The store holds all changes up to this one.
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

    /// Counts one more change and returns its number.
    pub(super) fn change(&mut self) -> Revision {
        self.current += 1;
        self.current
    }

    /// Notes that the last change brought tokens.
    pub(super) fn brought_tokens(&mut self) {
        self.tokens = self.current;
    }

    /// Notes that the last change brought a refresh token.
    pub(super) fn brought_refresh_token(&mut self) {
        self.rotation = self.current;
    }

    /// Notes that the tokens in memory are those that the store holds.
    pub(super) fn took_tokens_from_store(&mut self) {
        (self.tokens, self.rotation) = (0, 0);
    }

    /// Notes that memory holds exactly what the store holds.
    pub(super) fn took_all_from_store(&mut self) {
        (self.attempted, self.stored) = (self.current, self.current);
    }

    /// Notes that the store was given all changes up to this one.
    pub(super) fn attempt(&mut self, revision: Revision) {
        self.attempted = self.attempted.max(revision);
    }

    /// Notes that the store holds all changes up to this one.
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

    /// Whether the store was given this change at least once, whether it took it or not.
    pub(super) fn is_attempted(&self, revision: Revision) -> bool {
        revision <= self.attempted.max(self.stored)
    }

    /// Whether the store holds the tokens in memory. If not, callers have to take the path that writes.
    pub(super) fn tokens_are_stored(&self) -> bool {
        self.is_stored(self.tokens)
    }

    /// Whether the refresh token in memory exists nowhere else after a failed attempt to write it.
    pub(super) fn rotation_could_not_be_stored(&self) -> bool {
        !self.is_stored(self.rotation) && self.rotation <= self.attempted
    }
}
