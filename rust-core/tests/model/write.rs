//! How a process writes: one write at a time, each a compare and swap that merges what it finds.

use pilotlight_core::machine::{Unsaved, Verdict, input};

use crate::process::Saving;
use crate::renewal::Renewal;
use crate::store::{Found, fingerprint, sign_in_of};
use crate::user::family_of_session;
use crate::world::World;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Write {
    revision: u64,
    stage: Stage,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Stage {
    Decides,
    /// The store holds another item than the one that was seen.
    Reads,
    Merges(Found),
    Swaps(Box<Unsaved>),
    Wrote(Box<Unsaved>),
}

impl World {
    /// Whether a write is in progress or requested.
    pub(crate) fn can_write(&self, number: usize) -> bool {
        let process = &self.processes[number];
        process.write.is_some() || (self.has_unsaved(number) && process.asks_for_write())
    }

    pub(crate) fn step_write(&mut self, process: usize) {
        let Some(mut write) = self.process(process).write.take() else {
            let revision = self.revision(process);
            for saving in self.process(process).savings() {
                *saving = Saving::Begun;
            }
            self.process(process).write = Some(Write {
                revision,
                stage: Stage::Decides,
            });
            return;
        };
        match write.stage {
            Stage::Decides if self.has_looked(process) => return self.prepare(process, write),
            Stage::Decides | Stage::Reads => {
                let Some(found) = self.store.read(self.looks(process)) else {
                    return self.fail_to_write(process, write.revision);
                };
                write.stage = Stage::Merges(found);
            }
            Stage::Merges(ref found) => {
                let found = found.clone();
                match self.merge(process, &found) {
                    None => write.stage = Stage::Reads,
                    Some(_) => return self.prepare(process, write),
                }
            }
            Stage::Swaps(unsaved) => {
                let content = unsaved.content.as_ref();
                // Unchanged content is not written again.
                if unsaved.seen == content.map(fingerprint) {
                    write.stage = Stage::Wrote(unsaved);
                } else {
                    match self.store.swap(unsaved.seen, content, &mut self.history) {
                        Err(()) => return self.fail_to_write(process, write.revision),
                        Ok(false) => write.stage = Stage::Reads,
                        Ok(true) => write.stage = Stage::Wrote(unsaved),
                    }
                }
            }
            Stage::Wrote(unsaved) => {
                self.note_written(process, *unsaved);
                return self.end_write(process, write.revision);
            }
        }
        self.process(process).write = Some(write);
    }

    fn prepare(&mut self, process: usize, mut write: Write) {
        match self.unsaved(process) {
            None => self.end_write(process, write.revision),
            Some(unsaved) => {
                write.stage = Stage::Swaps(Box::new(unsaved));
                self.process(process).write = Some(write);
            }
        }
    }

    /// The store took it.
    pub(crate) fn note_written(&mut self, process: usize, unsaved: Unsaved) {
        let written = unsaved.content.as_ref().map(fingerprint);
        self.process(process).seen = sign_in_of(unsaved.content.as_ref());
        let content = unsaved.receipt;
        self.apply(process, input::ItemWritten { content, written });
    }

    fn fail_to_write(&mut self, process: usize, revision: u64) {
        let is_repeated = self.processes[process].renewal.as_ref().is_some_and(Renewal::is_saving);
        if !is_repeated || self.lock != Some(process) {
            self.excuse_unwritten(process);
        }
        self.end_write(process, revision);
    }

    /// What the process could not write is known to nobody else.
    pub(crate) fn excuse_unwritten(&mut self, process: usize) {
        if let Some(session) = self.machine(process).session().filter(|_| self.has_unsaved(process)) {
            let family = family_of_session(session);
            self.history.unwritten.insert(family);
        }
    }

    fn end_write(&mut self, process: usize, revision: u64) {
        self.apply(process, input::WriteAttempted { revision });
        for saving in self.process(process).savings() {
            if *saving == Saving::Begun {
                *saving = Saving::Done;
            }
        }
    }

    /// Merges the result of another read of the store. True if the session or its tokens have changed; `None` if the
    /// process has written meanwhile.
    pub(crate) fn merge(&mut self, process: usize, found: &Found) -> Option<bool> {
        let (item, seen, looks) = (found.item(), found.seen(), found.looks);
        let is_first_look = !self.has_looked(process);
        let outcome = self.apply(process, input::ItemSeen { item, seen, looks });
        if outcome.verdict == Verdict::ReadAgain {
            return None;
        }
        let changed = self.process(process);
        changed.knows = true;
        changed.seen = found.sign_in();
        // A sign-out before the store could be read ends the session that is read first.
        if is_first_look && changed.has_left_unread {
            changed.left = changed.seen;
            self.leaves(found.sign_in());
        }
        Some(outcome.verdict == Verdict::Changed)
    }
}
