//! The phases of a session.

use crate::storage::envelope::{PendingRevocation, SignedOut, StoredItem, StoredSession};

/// What is known about the session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Phase {
    /// The store has not been read yet.
    #[default]
    Unread,
    /// The store could not be read: the device is locked.
    Locked,
    /// Nobody is signed in. What is left are tokens that have to be revoked at the issuer, or an unfinished import.
    SignedOut(SignedOut),
    /// A user is signed in, or was until the session ended. An ended session has no tokens; its profile stays for the
    /// sign-in screen.
    Session(Box<StoredSession>),
}

/// The columns of the table of transitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PhaseKind {
    /// The store has not been read yet.
    Unread,
    /// The store could not be read: the device is locked.
    Locked,
    /// Nobody is signed in.
    SignedOut,
    /// A user is signed in.
    SignedIn,
    /// The session cannot go on without the user.
    Ended,
}

impl PhaseKind {
    /// All phases, in the order of the table's columns.
    pub const ALL: [Self; 5] = [Self::Unread, Self::Locked, Self::SignedOut, Self::SignedIn, Self::Ended];
}

impl Phase {
    /// The tokens that are still to be revoked at the issuer, the oldest first.
    pub(super) fn revocations(&self) -> &[PendingRevocation] {
        match self {
            Self::SignedOut(left) => &left.revocations,
            Self::Session(session) => &session.revocations,
            Self::Unread | Self::Locked => &[],
        }
    }

    /// The same, mutably; none while the store has not been read.
    pub(super) fn revocations_mut(&mut self) -> Option<&mut Vec<PendingRevocation>> {
        match self {
            Self::SignedOut(left) => Some(&mut left.revocations),
            Self::Session(session) => Some(&mut session.revocations),
            Self::Unread | Self::Locked => None,
        }
    }

    /// The phase that corresponds to the stored item.
    pub(super) fn of(stored: Option<StoredItem>) -> Self {
        match stored {
            Some(StoredItem::Session(session)) => Self::Session(session),
            Some(StoredItem::SignedOut(item)) => Self::SignedOut(item),
            None => Self::SignedOut(SignedOut::with(Vec::new())),
        }
    }

    pub(super) fn kind(&self) -> PhaseKind {
        match self {
            Self::Unread => PhaseKind::Unread,
            Self::Locked => PhaseKind::Locked,
            Self::SignedOut(_) => PhaseKind::SignedOut,
            Self::Session(session) if session.ended.is_some() => PhaseKind::Ended,
            Self::Session(_) => PhaseKind::SignedIn,
        }
    }
}

/// Counts the sessions of this process, and step-ups that brought a refresh token. An answer to a request of an older
/// generation does not apply to this session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Generation(u64);

impl Generation {
    pub(super) fn next(self) -> Self {
        Self(self.0 + 1)
    }
}
