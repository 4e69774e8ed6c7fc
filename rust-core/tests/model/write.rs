//! How a process writes: one write at a time, each a compare and swap that merges what it finds (`session/store/writer.rs`).

use pilotlight_core::machine::{PhaseKind, Stored, Unsaved, input};

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
    pub(crate) fn can_write(&self, process: usize) -> bool {
        let process = &self.processes[process];
        process.write.is_some()
            || (process.machine.has_unsaved() && process.clone().savings().any(|saving| *saving == Saving::Asked))
    }

    pub(crate) fn step_write(&mut self, process: usize) {
        let Some(mut write) = self.processes[process].write.take() else {
            let revision = Stored::of(self.machine(process)).revision();
            for saving in self.processes[process].savings() {
                *saving = Saving::Begun;
            }
            self.processes[process].write = Some(Write {
                revision,
                swap: 1,
                stage: Stage::Decides,
            });
            return;
        };
        match write.stage {
            Stage::Decides => {
                let machine = self.machine(process);
                let over = Stored::of(machine).replaces_what_is_stored() || write.swap > MOST_SWAPS;
                if !over && (write.swap > 1 || !Stored::of(machine).has_looked()) {
                    let Some(found) = self.store.read(Stored::of(machine).writes()) else {
                        return self.end_write(process, write.revision);
                    };
                    write.stage = Stage::Merges(found);
                } else {
                    return self.prepare(process, write, over);
                }
            }
            Stage::Merges(ref found) => {
                self.merge(process, found.clone());
                return self.prepare(process, write, false);
            }
            Stage::Swaps { unsaved, over } => {
                let seen = (!over).then_some(unsaved.seen);
                match self.store.write(seen, unsaved.content.clone(), &mut self.history) {
                    Err(()) => return self.end_write(process, write.revision),
                    Ok(false) => {
                        write.swap += 1;
                        write.stage = Stage::Decides;
                    }
                    Ok(true) => write.stage = Stage::Wrote(unsaved),
                }
            }
            Stage::Wrote(unsaved) => {
                self.apply(
                    process,
                    input::ItemWritten {
                        written: unsaved.content.as_ref().map(fingerprint),
                        content: unsaved.receipt,
                    },
                );
                return self.end_write(process, write.revision);
            }
        }
        self.processes[process].write = Some(write);
    }

    fn prepare(&mut self, process: usize, mut write: Write, over: bool) {
        match Stored::of(self.machine(process)).unsaved() {
            None => self.end_write(process, write.revision),
            Some(unsaved) => {
                write.stage = Stage::Swaps {
                    unsaved: Box::new(unsaved),
                    over,
                };
                self.processes[process].write = Some(write);
            }
        }
    }

    fn end_write(&mut self, process: usize, revision: u64) {
        self.apply(process, input::WriteAttempted { revision });
        for saving in self.processes[process].savings() {
            if *saving == Saving::Begun {
                *saving = Saving::Done;
            }
        }
    }

    /// Another look at the store. True when the session or its tokens are others now; `None` when the process has written
    /// meanwhile.
    pub(crate) fn merge(&mut self, process: usize, found: Found) -> Option<bool> {
        use pilotlight_core::machine::Verdict;
        let outcome = self.apply(
            process,
            input::ItemSeen {
                item: found.item,
                seen: found.seen,
                writes: found.writes,
            },
        );
        self.processes[process].knows = true;
        match outcome.verdict {
            Verdict::ReadAgain => None,
            verdict => Some(verdict == Verdict::Changed),
        }
    }

    /// Whether a user is signed in there.
    pub(crate) fn is_signed_in(&self, process: usize) -> bool {
        self.machine(process).phase_kind() == PhaseKind::SignedIn
    }
}
