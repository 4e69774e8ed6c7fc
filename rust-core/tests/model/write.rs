//! How a process writes: one write at a time, each a compare and swap that merges what it finds.

use pilotlight_core::machine::{Unsaved, Verdict, input};

use crate::process::Saving;
use crate::store::{Found, fingerprint};
use crate::world::World;

/// After so many changes by others in a row the store is written over.
const MOST_SWAPS: u8 = 4;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Write {
    revision: u64,
    swap: u8,
    stage: Stage,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Stage {
    Decides,
    Merges(Found),
    Swaps { unsaved: Box<Unsaved>, over: bool },
    Wrote(Box<Unsaved>),
}

impl World {
    /// Whether a write goes on, or is asked for.
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
                swap: 1,
                stage: Stage::Decides,
            });
            return;
        };
        match write.stage {
            Stage::Decides => {
                let over = self.replaces_what_is_stored(process) || write.swap > MOST_SWAPS;
                if over || (write.swap == 1 && self.has_looked(process)) {
                    self.prepare(process, write, over);
                    // A new sign-out removes whatever is there, at once. A process that stands still exactly between the two
                    // is not walked: docs/reliability.md says what that would show.
                    if over && self.processes[process].write.is_some() {
                        self.step_write(process);
                    }
                    return;
                }
                let Some(found) = self.store.read(self.writes(process)) else {
                    return self.end_write(process, write.revision);
                };
                write.stage = Stage::Merges(found);
            }
            Stage::Merges(ref found) => {
                let found = found.clone();
                self.merge(process, &found);
                return self.prepare(process, write, false);
            }
            Stage::Swaps { unsaved, over } => {
                let seen = (!over).then_some(unsaved.seen);
                match self.store.write(seen, unsaved.content.as_ref(), &mut self.history) {
                    Err(()) => return self.end_write(process, write.revision),
                    Ok(false) => {
                        write.swap += 1;
                        write.stage = Stage::Decides;
                    }
                    Ok(true) => write.stage = Stage::Wrote(unsaved),
                }
            }
            Stage::Wrote(unsaved) => {
                self.note_written(process, *unsaved);
                return self.end_write(process, write.revision);
            }
        }
        self.process(process).write = Some(write);
    }

    fn prepare(&mut self, process: usize, mut write: Write, over: bool) {
        match self.unsaved(process) {
            None => self.end_write(process, write.revision),
            Some(unsaved) => {
                write.stage = Stage::Swaps {
                    unsaved: Box::new(unsaved),
                    over,
                };
                self.process(process).write = Some(write);
            }
        }
    }

    /// The store took it.
    pub(crate) fn note_written(&mut self, process: usize, unsaved: Unsaved) {
        let written = unsaved.content.as_ref().map(fingerprint);
        let content = unsaved.receipt;
        self.apply(process, input::ItemWritten { content, written });
    }

    fn end_write(&mut self, process: usize, revision: u64) {
        self.apply(process, input::WriteAttempted { revision });
        for saving in self.process(process).savings() {
            if *saving == Saving::Begun {
                *saving = Saving::Done;
            }
        }
    }

    /// Another look at the store. True when the session or its tokens are others now; `None` when the process has written
    /// meanwhile.
    pub(crate) fn merge(&mut self, process: usize, found: &Found) -> Option<bool> {
        let (item, seen, writes) = (found.item(), found.seen(), found.writes);
        let outcome = self.apply(process, input::ItemSeen { item, seen, writes });
        self.process(process).knows = true;
        match outcome.verdict {
            Verdict::ReadAgain => None,
            verdict => Some(verdict == Verdict::Changed),
        }
    }
}
