//! What this process knows about the store, and which sign-in it has left.

use crate::model::secret::{Fingerprint, Secret, SecretBytes};
use crate::storage::envelope::{StoredItem, StoredSession};

/// The relation of memory to the store: what the store held when this process last looked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Provenance {
    /// The item that the store held when this process last read or wrote it.
    pub(super) seen: Option<Fingerprint>,
    /// The sign-in of that item, if the item was a session.
    pub(super) seen_sign_in: Option<SignInName>,
    /// Whether this process has read or written the item at least once.
    pub(super) has_looked: bool,
    /// See [`super::stored::Stored::looks`].
    pub(super) looks: u64,
    /// Whether the sign-in in memory has been in the store. If it is not there now, another process removed it.
    pub(super) sign_in_was_stored: bool,
    /// The numbers of the waiting changes of the metadata that the store holds.
    pub(super) stored_updates: Vec<u64>,
    /// The tokens in the store that wait to be revoked.
    pub(super) stored_revocations: Vec<Secret>,
    /// An item that could not be decoded. It is kept aside before it is replaced.
    pub(super) unreadable: Option<SecretBytes>,
}

/// The identity of a sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct SignInName {
    /// None in an item of an early release.
    id: Option<Secret>,
    subject: String,
}

/// The sign-ins that the last sign-out ended: that of the session in memory, and, if it was never stored, also the one
/// that the store held in its place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Departure {
    sign_ins: Vec<SignInName>,
    /// The nonce of the session in memory. A step-up brings tokens of another grant, which has its own nonce.
    nonce: Option<Secret>,
}

impl Provenance {
    /// Notes what was read from the store: an item that can be decoded, or none.
    pub(super) fn look(&mut self, seen: Option<Fingerprint>, item: Option<&StoredItem>) {
        self.unreadable = None;
        let session = match item {
            Some(StoredItem::Session(session)) => Some(&**session),
            _ => None,
        };
        self.note(seen, session.map(SignInName::of));
    }

    /// Notes what the store holds now.
    pub(super) fn note(&mut self, seen: Option<Fingerprint>, sign_in: Option<SignInName>) {
        if !self.has_looked || self.seen != seen {
            self.looks += 1;
        }
        (self.seen, self.seen_sign_in) = (seen, sign_in);
        self.has_looked = true;
    }

    /// Notes what this process has written.
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
    /// The departure from this session.
    pub(super) fn from(session: &StoredSession) -> Self {
        Self {
            sign_ins: vec![SignInName::of(session)],
            nonce: session.nonce.clone(),
        }
    }

    /// Adds a sign-in that was ended too.
    pub(super) fn add(&mut self, sign_in: SignInName) {
        if !self.sign_ins.contains(&sign_in) {
            self.sign_ins.push(sign_in);
        }
    }

    /// Whether the session belongs to a sign-in that was ended.
    pub(super) fn is_from(&self, session: &StoredSession) -> bool {
        self.sign_ins.contains(&SignInName::of(session))
    }

    /// Whether the session that was left had tokens of a different grant from those of this version.
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
