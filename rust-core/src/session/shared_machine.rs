//! The one session machine that all tasks share: under a lock, with those who listen.
//!
//! **Promises.** Inputs are applied one after the other, and announcements reach every subscriber in the order of the
//! changes: they are sent under the same lock. Each input gives the machine another epoch, under the same lock: a caller that has
//! seen a change also sees its epoch. **Needs** nothing.
//!
//! A std `Mutex` guards it: each critical section is a few assignments, and the synchronous path of a valid token must
//! not wait for a runtime.

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

/// Callers who keep a token compare the epoch without the lock; the others receive what is announced.
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
    /// Of sessions that may go on for so long at most.
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

    /// They may from now on. What a caller keeps under the epoch of before may be given out no more.
    pub(super) fn limit(&self, limits: LifetimeLimits) {
        let mut observed = self.lock();
        observed.machine.limit(limits);
        self.epoch.fetch_add(1, Ordering::Release);
    }

    /// Applies one input and sends what it announces. The other effects are for the caller.
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

    /// The key that this access token is bound to; none for one that is not bound. Also of one that was replaced a moment ago.
    pub(super) fn binding(&self, token: &Secret) -> Option<ProofKey> {
        let observed = self.lock();
        let held = Tokens::of(&observed.machine).binding(token);
        held.or_else(|| observed.replaced.binding(token)).cloned()
    }

    /// Looks at the session as it is now.
    pub(super) fn read<T>(&self, look: impl FnOnce(&Machine) -> T) -> T {
        look(&self.lock().machine)
    }

    /// The same, with the epoch in which it is so.
    pub(super) fn read_with_epoch<T>(&self, look: impl FnOnce(&Machine) -> T) -> (u64, T) {
        let observed = self.lock();
        (self.epoch.load(Ordering::Relaxed), look(&observed.machine))
    }

    /// Another number after each input; to be compared without the lock.
    pub(super) fn epoch(&self) -> &AtomicU64 {
        &self.epoch
    }

    /// A number for the profile at hand: 0 for none, another one for each that takes its place.
    pub(super) fn profile_version(&self) -> u64 {
        let observed = &mut *self.lock();
        observed.numbered_profile.number(observed.machine.profile())
    }

    /// The state that was announced last, and everything that is from now on.
    pub(super) fn subscribe(&self, now: Instant) -> UnboundedReceiver<Report> {
        self.apply(TimePassed { now });
        let (sender, receiver) = unbounded_channel();
        let mut observed = self.lock();
        // A session that nothing happens to would keep those for ever that are gone.
        observed.subscribers.retain(|subscriber| !subscriber.is_closed());
        if let Some(state) = observed.machine.published() {
            // The receiver is right here, so this cannot fail.
            let _ = sender.send(Report::State(state.clone()));
        }
        observed.subscribers.push(sender);
        receiver
    }

    fn lock(&self) -> MutexGuard<'_, Observed> {
        // A panic elsewhere must not take the session along: every section leaves the state whole.
        self.observed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
