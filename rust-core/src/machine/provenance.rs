//! What this process knows of the store, and which sign-in it has left.

use crate::model::secret::{Fingerprint, Secret, SecretBytes};
use crate::storage::envelope::{StoredItem, StoredSession};

/// Where that comes from what is in memory: what the store held when it was last looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Provenance {
    /// Which item the store held when this process last read or wrote it.
    pub(super) seen: Option<Fingerprint>,
    /// The sign-in whose session that was, if it was one.
    pub(super) seen_sign_in: Option<SignInName>,
    /// It has read or written the item at least once.
    pub(super) has_looked: bool,
    /// See [`super::stored::Stored::looks`].
    pub(super) looks: u64,
    /// The sign-in in memory has been in the store; when it is not there now, another process took it out.
    pub(super) sign_in_was_stored: bool,
    /// The waiting changes of the metadata that the store holds, by their numbers.
    pub(super) stored_updates: Vec<u64>,
    /// The tokens that wait to be revoked, as far as the store holds them.
    pub(super) stored_revocations: Vec<Secret>,
    /// An item that could not be decoded; it is kept aside before it is replaced.
    pub(super) unreadable: Option<SecretBytes>,
}

/// What tells one sign-in from another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct SignInName {
    /// None in an item of an early release.
    id: Option<Secret>,
    subject: String,
}

/// The sign-ins that the last sign-out ended: that of the session in memory; where it was never stored, also the one that
/// the store held in its place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Departure {
    sign_ins: Vec<SignInName>,
    /// The nonce of the session in memory: a step-up brings tokens of another grant, which has its own.
    nonce: Option<Secret>,
}

impl Provenance {
    /// The store was read.
    pub(super) fn look(&mut self, seen: Option<Fingerprint>, item: Option<&StoredItem>) {
        let session = match item {
            Some(StoredItem::Session(session)) => Some(&**session),
            _ => None,
        };
        self.note(seen, session.map(SignInName::of));
    }

    /// What the store holds now.
    pub(super) fn note(&mut self, seen: Option<Fingerprint>, sign_in: Option<SignInName>) {
        if !self.has_looked || self.seen != seen {
            self.looks += 1;
        }
        (self.seen, self.seen_sign_in) = (seen, sign_in);
        self.has_looked = true;
    }

    /// This process has written that.
    pub(super) fn wrote(&mut self, written: Option<Fingerprint>, sign_in: Option<SignInName>) {
        self.note(written, sign_in);
        self.looks += 1;
    }
}

impl SignInName {
    pub(super) fn of(session: &StoredSession) -> Self {
        Self {
            id: session.sign_in().cloned(),
            subject: session.subject.clone(),
        }
    }
}

impl Departure {
    /// From this session.
    pub(super) fn from(session: &StoredSession) -> Self {
        Self {
            sign_ins: vec![SignInName::of(session)],
            nonce: session.nonce.clone(),
        }
    }

    /// It was ended too.
    pub(super) fn add(&mut self, sign_in: SignInName) {
        if !self.sign_ins.contains(&sign_in) {
            self.sign_ins.push(sign_in);
        }
    }

    /// Whether the session is of a sign-in that was ended.
    pub(super) fn is_from(&self, session: &StoredSession) -> bool {
        self.sign_ins.contains(&SignInName::of(session))
    }

    /// Whether the session in memory had tokens of another grant than this version of it.
    pub(super) fn is_from_another_grant_of(&self, session: &StoredSession) -> bool {
        let is_same = self.sign_ins.first() == Some(&SignInName::of(session));
        is_same && self.nonce.is_some() && self.nonce != session.nonce
    }
}

/// The numbers of the changes that wait; none without a session.
pub(super) fn update_ids(session: Option<&StoredSession>) -> Vec<u64> {
    let updates = session.into_iter().flat_map(|session| &session.pending_updates);
    updates.map(|update| update.id).collect()
}
