//! Waiting metadata changes: how a process keeps one, and how it sends them.

use pilotlight_core::machine::event::SessionEvent;
use pilotlight_core::machine::{Verdict, input};
use pilotlight_core::model::pending_update::PendingUpdate;
use pilotlight_core::model::profile::Claims;

use crate::issuer::User;
use crate::process::Saving;
use crate::store::Found;
use crate::world::{Change, World};

/// The only task of a process that sends waiting changes, one at a time, while no other process does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Sender {
    /// A change was made here, and is stored before it is sent.
    Keeps(Saving),
    WantsLock,
    Reads,
    Merges(Found),
    Next,
    Sent(User, u64),
    Settles(u64),
    Saves(Saving),
}

impl Sender {
    pub(crate) fn saving(&mut self) -> Option<&mut Saving> {
        match self {
            Self::Keeps(saving) | Self::Saves(saving) => Some(saving),
            _ => None,
        }
    }

    pub(crate) fn asks_for_write(&self) -> bool {
        matches!(self, Self::Keeps(Saving::Asked) | Self::Saves(Saving::Asked))
    }

    pub(crate) fn is_sent(&self) -> bool {
        matches!(self, Self::Sent(..))
    }
}

impl World {
    /// The user makes a change.
    pub(crate) fn make_change(&mut self, process: usize) {
        let Some(session) = self.machine(process).session() else {
            return;
        };
        let family = crate::user::family_of_session(session);
        let user = self.issuer.user_of(family);
        let id = u64::try_from(self.history.changes.len()).unwrap();
        let update = PendingUpdate {
            id,
            changes: Claims::default(),
            since: self.now().wall,
        };
        let generation = self.machine(process).generation();
        let outcome = self.apply(process, input::UpdateAdded { generation, update });
        assert_eq!(outcome.verdict, Verdict::Changed, "there is room");
        self.history.changes.push(Change {
            family,
            user,
            maker: process,
            is_stored: false,
            is_over: false,
        });
        self.process(process).sender = Some(Sender::Keeps(Saving::Asked));
    }

    pub(crate) fn can_step_sender(&self, process: usize) -> bool {
        match &self.processes[process].sender {
            None | Some(Sender::Sent(..)) => false,
            Some(Sender::Keeps(saving) | Sender::Saves(saving)) => {
                *saving == Saving::Done || !self.has_unsaved(process)
            }
            Some(Sender::WantsLock) => self.changes_lock.is_none(),
            Some(_) => true,
        }
    }

    pub(crate) fn step_sender(&mut self, process: usize) {
        let Some(sender) = self.process(process).sender.take() else {
            return;
        };
        let next = match sender {
            Sender::Keeps(_) => Some(Sender::WantsLock),
            Sender::WantsLock => {
                self.changes_lock = Some(process);
                Some(Sender::Reads)
            }
            Sender::Reads => self.look(process).ok().map(Sender::Merges),
            Sender::Merges(found) => match self.merge(process, &found) {
                None => Some(Sender::Reads),
                Some(_) => Some(Sender::Next),
            },
            Sender::Next if self.holds_settled_update(process) => Some(Sender::Saves(Saving::Asked)),
            Sender::Next => self.send_next(process),
            Sender::Settles(id) => {
                let event = Some(SessionEvent::MetadataUpdateSent { id });
                self.apply(process, input::UpdateRemoved { id, event });
                Some(Sender::Saves(Saving::Asked))
            }
            // It waits until the settled change is stored.
            Sender::Saves(_) if self.holds_settled_update(process) => None,
            Sender::Saves(_) => {
                self.release_changes_lock(process);
                Some(Sender::WantsLock)
            }
            Sender::Sent(..) => return,
        };
        if next.is_none() {
            self.release_changes_lock(process);
        }
        self.process(process).sender = next;
    }

    fn send_next(&mut self, process: usize) -> Option<Sender> {
        let session = self.machine(process).session()?;
        let user = self.issuer.user_of(crate::user::family_of_session(session));
        let generation = self.machine(process).generation();
        let id = self.next_update(process, generation)?;
        self.check_change(user, id);
        Some(Sender::Sent(user, id))
    }

    fn check_change(&mut self, user: User, id: u64) {
        if self.history.changes[usize::try_from(id).unwrap()].user != user {
            self.history
                .break_promise("changes: a change was sent for another user than the one who made it");
        }
    }

    /// The result of the change that is in flight.
    pub(crate) fn decide_change(&mut self, process: usize, is_made: bool, is_answered: bool) {
        let Some(Sender::Sent(user, id)) = self.process(process).sender.take() else {
            return;
        };
        if is_made {
            let number = u8::try_from(id).unwrap();
            self.history.changes[usize::from(number)].is_over = true;
            self.issuer.changes.retain(|made| *made != (user, number));
            self.issuer.changes.push((user, number));
        }
        if is_answered {
            self.process(process).sender = Some(Sender::Settles(id));
        } else {
            // It waits further.
            self.release_changes_lock(process);
        }
    }
}
