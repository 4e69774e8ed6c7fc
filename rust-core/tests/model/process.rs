//! One process: the real machine, and the tasks in progress.

use pilotlight_core::machine::event::{Report, SessionEvent};
use pilotlight_core::machine::{Effect, Input, Machine, Outcome, apply_observed, input};
use pilotlight_core::model::lifetime::LifetimeLimits;
use pilotlight_core::model::state::ReauthenticationReason;

use crate::changes::Sender;
use crate::issuer::{Family, TokenName, family_of};
use crate::reader::{Reader, Watching};
use crate::renewal::Renewal;
use crate::step_up::StepUp;
use crate::store::Found;
use crate::user::{SignIn, SignOut};
use crate::world::{Families, World};
use crate::write::Write;

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Process {
    pub(crate) machine: Machine,
    pub(crate) renewal: Option<Renewal>,
    pub(crate) sign_in: Option<SignIn>,
    pub(crate) sign_out: Option<SignOut>,
    pub(crate) step_up: Option<StepUp>,
    pub(crate) write: Option<Write>,
    pub(crate) sender: Option<Sender>,
    /// Renewals that were begun.
    pub(crate) renewals: u8,
    /// It has read the store, or its user has signed in or out.
    pub(crate) knows: bool,
    /// The sign-in that its user has ended here.
    pub(crate) left: Option<Family>,
    /// The user has signed out before the store could be read.
    pub(crate) has_left_unread: bool,
    /// The sign-in of the session that it has last read or written.
    pub(crate) seen: Option<Family>,
    /// Whether a user is signed in according to the last event.
    tells_of_a_session: bool,
    /// The last access token that it received itself, and the hour of its request.
    pub(crate) received: Option<(TokenName, u8)>,
    /// The hour of the last failed renewal.
    pub(crate) failed: Option<u8>,
    /// Keeps a copy of the access token.
    pub(crate) reader: Reader,
}

/// A task that waits until the store was given the state in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Saving {
    /// It waits for a write that begins from now on.
    #[default]
    Asked,
    /// It waits for the write in progress.
    Begun,
    /// The write is over, whether or not the store took it.
    Done,
}

impl World {
    /// Applies an input, and checks the announcements.
    pub(crate) fn apply(&mut self, process: usize, input: impl Into<Input>) -> Outcome {
        let mut watching = Watching::new(self.processes[process].reader, self.now().monotonic);
        let changed = self.process(process);
        let outcome = apply_observed(&mut changed.machine, input, &mut watching);
        changed.reader = watching.reader;
        self.check_watched(process, &watching);
        for effect in &outcome.effects {
            if let Effect::Announce(Report::Event(event)) = effect {
                self.check_announcement(process, event);
            }
        }
        outcome
    }

    /// A user and new tokens are announced only if the store has held tokens of that sign-in, or of a renewal of it.
    /// Each event must follow from the one before.
    fn check_announcement(&mut self, process: usize, event: &SessionEvent) {
        let session = self.machine(process).session();
        let family = session.map(crate::user::family_of_session);
        let is_in = |families: &Families| family.is_some_and(|family| families.contains(&family));
        let tells_of_a_session = self.processes[process].tells_of_a_session;
        let broken = match event {
            SessionEvent::SignedIn { .. } | SessionEvent::Restored { .. } => {
                let was_stored = family.is_some_and(|family| self.history.was_stored(family));
                (!was_stored).then_some("2: a user was announced before the store held the session")
            }
            SessionEvent::Renewed { .. } if !tells_of_a_session => {
                Some("events: a renewal, though nobody is signed in")
            }
            SessionEvent::Renewed { .. } => (!is_in(&self.history.renewed))
                .then_some("2: tokens were announced before the store held any of a renewal"),
            SessionEvent::Ended {
                reason: ReauthenticationReason::LifetimeEnded,
            } => (!self.is_over(process)).then_some("age: an end was announced before its time"),
            SessionEvent::Ended { .. } => family
                .is_some_and(|family| self.issuer.is_alive(family) && !self.history.excused.contains(&family))
                .then_some("1: an end was announced though the refresh token is alive"),
            _ => None,
        };
        if let Some(words) = broken {
            self.history.break_promise(words);
        }
        let announced = &mut self.process(process).tells_of_a_session;
        match event {
            SessionEvent::SignedIn { .. } | SessionEvent::Restored { .. } => *announced = true,
            SessionEvent::Ended { .. } | SessionEvent::SignedOut { .. } => *announced = false,
            _ => {}
        }
    }

    /// The process reads the store for the first time.
    pub(crate) fn restore(&mut self, process: usize) {
        match self.store.read(0) {
            Some(found) => self.read_first(process, &found),
            None => drop(self.apply(process, input::StoreLocked)),
        }
        self.publish(process);
    }

    pub(crate) fn read_first(&mut self, process: usize, found: &Found) {
        self.process(process).knows = true;
        self.process(process).seen = found.sign_in();
        let (item, seen, unreadable) = (found.item(), found.seen(), None);
        self.apply(process, input::FirstRead { item, seen, unreadable });
    }

    pub(crate) fn publish(&mut self, process: usize) {
        let now = self.now();
        self.apply(process, input::TimePassed { now });
    }

    /// Revokes the tokens in the effects at the issuer.
    pub(crate) fn revoke(&mut self, outcome: &Outcome) {
        for effect in &outcome.effects {
            if let Effect::Revoke(what) = effect {
                self.history.excused.insert(family_of(&what.token));
                self.issuer.revoke(&what.token);
            }
        }
    }

    /// The process ends, and starts again with nothing in memory.
    pub(crate) fn crash(&mut self, process: usize) {
        self.excuse_process(process);
        self.release_lock(process);
        self.release_changes_lock(process);
        let unsaved = self
            .history
            .changes
            .iter_mut()
            .filter(|change| change.maker == process && !change.is_stored);
        unsaved.for_each(|change| change.is_over = true);
        let renewals = self.processes[process].renewals;
        *self.process(process) = Process {
            renewals,
            ..Process::limited(self.left.limits())
        };
    }

    /// The refresh tokens that only this process knows may be lost.
    pub(crate) fn excuse_process(&mut self, process: usize) {
        let has_unsaved = self.has_unsaved(process);
        let process = &self.processes[process];
        let in_memory = process
            .machine
            .session()
            .and_then(|session| session.credentials.refresh_token.as_ref());
        let unsaved = in_memory.filter(|_| has_unsaved).map(family_of);
        let under_way = process.renewal.as_ref().and_then(Renewal::family);
        // A step-up has replaced them in this process's memory, and nowhere else.
        let replaced = self.history.replaced.iter().filter(|(_, by)| unsaved == Some(*by));
        let replaced = replaced.map(|(replaced, _)| *replaced);
        let excused: Vec<_> = unsaved.into_iter().chain(under_way).chain(replaced).collect();
        excused
            .into_iter()
            .for_each(|family| self.history.excused.insert(family));
    }
}

impl Process {
    /// A process that has just started.
    pub(crate) fn limited(limits: LifetimeLimits) -> Self {
        Self {
            machine: Machine::limited(limits),
            ..Self::default()
        }
    }

    /// The tasks that wait for a write.
    pub(crate) fn savings(&mut self) -> impl Iterator<Item = &mut Saving> {
        let renewal = self.renewal.as_mut().and_then(Renewal::saving);
        let sign_in = self.sign_in.as_mut().and_then(SignIn::saving);
        let sign_out = self.sign_out.as_mut().and_then(SignOut::saving);
        let sender = self.sender.as_mut().and_then(Sender::saving);
        let step_up = self.step_up.as_mut().and_then(StepUp::saving);
        let user = sign_in.into_iter().chain(sign_out).chain(step_up);
        renewal.into_iter().chain(user).chain(sender)
    }

    pub(crate) fn asks_for_write(&self) -> bool {
        self.renewal.as_ref().is_some_and(Renewal::asks_for_write)
            || self.sign_in.as_ref().is_some_and(SignIn::asks_for_write)
            || self.sign_out.as_ref().is_some_and(SignOut::asks_for_write)
            || self.step_up.as_ref().is_some_and(StepUp::asks_for_write)
            || self.sender.as_ref().is_some_and(Sender::asks_for_write)
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.renewal.is_none()
            && self.sign_in.is_none()
            && self.sign_out.is_none()
            && self.step_up.is_none()
            && self.write.is_none()
            && self.sender.is_none()
    }
}
