//! The session machine that all tasks share, behind a lock, and its subscribers.
//!
//! **Promises.** Inputs are applied one after the other. Announcements reach every subscriber in the order of the
//! changes, because they are sent under the same lock. Each input changes the epoch, under the same lock: a caller that
//! has seen a change also sees its epoch. **Needs** nothing.
//!
//! A std `Mutex` guards the machine: each critical section is a few assignments, and the synchronous path of a valid
//! token must not wait for a runtime.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::numbered::Numbered;
use super::replaced_tokens::ReplacedTokens;
use crate::machine::event::Report;
use crate::machine::input::TimePassed;
use crate::machine::{Input, Machine, Observers, Outcome, Tokens, apply_observed};
use crate::model::lifetime::LifetimeLimits;
use crate::model::profile::Profile;
use crate::model::proof_key::ProofKey;
use crate::model::secret::Secret;
use crate::model::time::Instant;

#[derive(Debug)]
pub(super) struct SharedMachine {
    observed: Mutex<Observed>,
    epoch: AtomicU64,
}

#[derive(Debug)]
struct Observed {
    machine: Machine,
    subscribers: Vec<UnboundedSender<Report>>,
    numbered_profile: Numbered<Profile>,
    replaced: ReplacedTokens,
}

/// Callers that keep a token compare the epoch without the lock; subscribers receive the announcements.
struct Subscribers<'a> {
    epoch: &'a AtomicU64,
    all: &'a mut Vec<UnboundedSender<Report>>,
}

impl Observers for Subscribers<'_> {
    fn raise_epoch(&mut self) {
        self.epoch.fetch_add(1, Ordering::Release);
    }

    fn announce(&mut self, report: &Report) {
        self.all.retain(|subscriber| subscriber.send(report.clone()).is_ok());
    }
}

impl SharedMachine {
    /// A machine whose sessions have these limits.
    pub(super) fn limited(limits: LifetimeLimits) -> Self {
        let observed = Observed {
            machine: Machine::limited(limits),
            subscribers: Vec::new(),
            numbered_profile: Numbered::default(),
            replaced: ReplacedTokens::default(),
        };
        Self {
            observed: Mutex::new(observed),
            epoch: AtomicU64::default(),
        }
    }

    /// Changes the limits. A token that a caller keeps under the earlier epoch must not be given out any more.
    pub(super) fn limit(&self, limits: LifetimeLimits) {
        let mut observed = self.lock();
        observed.machine.limit(limits);
        self.epoch.fetch_add(1, Ordering::Release);
    }

    /// Applies one input and sends its announcements. The caller handles the other effects.
    pub(super) fn apply(&self, input: impl Into<Input>) -> Outcome {
        let observed = &mut *self.lock();
        let mut observers = Subscribers {
            epoch: &self.epoch,
            all: &mut observed.subscribers,
        };
        let bound = Tokens::of(&observed.machine).bound();
        let outcome = apply_observed(&mut observed.machine, input, &mut observers);
        observed.replaced.note(bound, &observed.machine);
        outcome
    }

    /// The key that this access token is bound to; `None` if it is not bound. Includes recently replaced tokens.
    pub(super) fn binding(&self, token: &Secret) -> Option<ProofKey> {
        let observed = self.lock();
        let held = Tokens::of(&observed.machine).binding(token);
        held.or_else(|| observed.replaced.binding(token)).cloned()
    }

    /// Reads the current session.
    pub(super) fn read<T>(&self, look: impl FnOnce(&Machine) -> T) -> T {
        look(&self.lock().machine)
    }

    /// [`SharedMachine::read`], with the epoch in which the result is valid.
    pub(super) fn read_with_epoch<T>(&self, look: impl FnOnce(&Machine) -> T) -> (u64, T) {
        let observed = self.lock();
        (self.epoch.load(Ordering::Relaxed), look(&observed.machine))
    }

    /// Changes with each input. Callers compare it without the lock.
    pub(super) fn epoch(&self) -> &AtomicU64 {
        &self.epoch
    }

    /// The version of the current profile: 0 if there is none, and a new number for each that replaces it.
    pub(super) fn profile_version(&self) -> u64 {
        let observed = &mut *self.lock();
        observed.numbered_profile.number(observed.machine.profile())
    }

    /// The last announced state, followed by all later announcements.
    pub(super) fn subscribe(&self, now: Instant) -> UnboundedReceiver<Report> {
        self.apply(TimePassed { now });
        let (sender, receiver) = unbounded_channel();
        let mut observed = self.lock();
        // Closed subscribers are removed here too, because a session without changes would keep them for ever.
        observed.subscribers.retain(|subscriber| !subscriber.is_closed());
        if let Some(state) = observed.machine.published() {
            // The receiver still exists, so this cannot fail.
            let _ = sender.send(Report::State(state.clone()));
        }
        observed.subscribers.push(sender);
        receiver
    }

    fn lock(&self) -> MutexGuard<'_, Observed> {
        // A panic elsewhere must not disable the session: every critical section leaves the state consistent.
        self.observed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
