//! One process: the real machine, and the tasks that are under way.

use pilotlight_core::machine::event::{Report, SessionEvent};
use pilotlight_core::machine::{Effect, Input, Machine, Outcome, input};

use crate::issuer::family_of;
use crate::renewal::Renewal;
use crate::user::{SignIn, SignOut};
use crate::world::World;
use crate::write::Write;

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Process {
    pub(crate) machine: Machine,
    pub(crate) renewal: Option<Renewal>,
    pub(crate) sign_in: Option<SignIn>,
    pub(crate) sign_out: Option<SignOut>,
    pub(crate) write: Option<Write>,
    /// Renewals that were begun.
    pub(crate) renewals: u8,
    /// It has read the store, or its user has signed in or out.
    pub(crate) knows: bool,
}

/// A task waits for the store to be given what is in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Saving {
    /// For a write that begins from now on.
    #[default]
    Asked,
    /// For the one that is under way.
    Begun,
    /// It is over, whether the store took it or not.
    Done,
}

impl World {
    /// Applies an input, and checks what is announced.
    pub(crate) fn apply(&mut self, process: usize, input: impl Into<Input>) -> Outcome {
        let outcome = self.processes[process].machine.apply(input);
        for effect in &outcome.effects {
            if let Effect::Announce(Report::Event(event)) = effect {
                self.check_announcement(process, event);
            }
        }
        outcome
    }

    /// A user and new tokens are announced only when the store has held tokens of that sign-in.
    fn check_announcement(&mut self, process: usize, event: &SessionEvent) {
        if !matches!(event, SessionEvent::SignedIn { .. } | SessionEvent::Renewed { .. }) {
            return;
        }
        let session = self.processes[process].machine.session();
        let family = session.map(crate::user::family_of_session);
        if family.is_none_or(|family| !crate::properties::has_been_stored(self, family)) {
            self.history
                .break_promise("2: tokens were announced before the store held any of their sign-in");
        }
    }

    /// The process reads the store for the first time.
    pub(crate) fn restore(&mut self, process: usize) {
        match self.store.read(0) {
            Some(found) => {
                self.processes[process].knows = true;
                let unreadable = None;
                self.apply(
                    process,
                    input::FirstRead {
                        item: found.item,
                        seen: found.seen,
                        unreadable,
                    },
                );
            }
            None => drop(self.apply(process, input::StoreLocked)),
        }
        self.publish(process);
    }

    pub(crate) fn publish(&mut self, process: usize) {
        self.apply(process, input::TimePassed { now: crate::world::NOW });
    }

    /// The tokens of the effects are revoked at the issuer.
    pub(crate) fn revoke(&mut self, outcome: &Outcome) {
        for effect in &outcome.effects {
            if let Effect::Revoke(token) = effect {
                self.history.excuse(family_of(token));
                self.issuer.revoke(token);
            }
        }
    }

    /// The process ends, and starts again with nothing in memory.
    pub(crate) fn crash(&mut self, process: usize) {
        self.excuse_process(process);
        self.release_lock(process);
        let renewals = self.processes[process].renewals;
        self.processes[process] = Process {
            renewals,
            ..Process::default()
        };
    }

    /// What this process alone knows of refresh tokens may be lost.
    pub(crate) fn excuse_process(&mut self, process: usize) {
        let process = &self.processes[process];
        let in_memory = process
            .machine
            .session()
            .and_then(|session| session.credentials.refresh_token.as_ref());
        let unsaved = in_memory.filter(|_| process.machine.has_unsaved()).map(family_of);
        let under_way = process.renewal.as_ref().and_then(Renewal::family);
        for family in unsaved.into_iter().chain(under_way) {
            self.history.excuse(family);
        }
    }

    pub(crate) fn release_lock(&mut self, process: usize) {
        if self.lock == Some(process) {
            self.lock = None;
        }
    }
}

impl Process {
    /// The tasks that wait for a write.
    pub(crate) fn savings(&mut self) -> impl Iterator<Item = &mut Saving> {
        let renewal = self.renewal.as_mut().and_then(Renewal::saving);
        let sign_in = self.sign_in.as_mut().and_then(SignIn::saving);
        let sign_out = self.sign_out.as_mut().and_then(SignOut::saving);
        renewal.into_iter().chain(sign_in).chain(sign_out)
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.renewal.is_none() && self.sign_in.is_none() && self.sign_out.is_none() && self.write.is_none()
    }
}
