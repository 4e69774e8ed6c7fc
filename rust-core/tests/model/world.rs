//! The world as one value: two processes, their store, the lock between them, the issuer, and what has happened so far.

use std::time::Duration;

use pilotlight_core::machine::Machine;
use pilotlight_core::model::time::{Instant, Timestamp};

use crate::issuer::{Family, Issuer};
use crate::process::Process;
use crate::store::Store;

/// Time stands still: what depends on it has tests of its own.
pub(crate) const NOW: Instant = Instant {
    wall: Timestamp(1_800_000_000),
    monotonic: Duration::from_secs(1_000),
};
pub(crate) const PROCESSES: usize = 2;

/// How much may happen.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Bounds {
    /// Whether the issuer takes the previous refresh token once more.
    pub(crate) overlap: bool,
    /// Renewals that each process begins.
    pub(crate) renewals: u8,
    pub(crate) sign_ins: u8,
    pub(crate) sign_outs: u8,
    /// Crashes of either process.
    pub(crate) crashes: u8,
    /// Requests or answers that are lost.
    pub(crate) losses: u8,
    /// How often the store is locked for a while.
    pub(crate) locks: u8,
    /// Writes that the store refuses.
    pub(crate) refusals: u8,
    /// Suspensions while a process holds the lock.
    pub(crate) suspensions: u8,
    /// Renewals whose ID token is not accepted.
    pub(crate) rejections: u8,
}

impl Bounds {
    pub(crate) fn orders(overlap: bool) -> Self {
        Self {
            overlap,
            renewals: 1,
            sign_ins: 1,
            sign_outs: 1,
            crashes: 0,
            losses: 0,
            locks: 0,
            refusals: 0,
            suspensions: 1,
            rejections: 0,
        }
    }

    pub(crate) fn faults(overlap: bool) -> Self {
        Self {
            overlap,
            renewals: 2,
            sign_ins: 0,
            sign_outs: 1,
            crashes: 1,
            losses: 1,
            locks: 1,
            refusals: 1,
            suspensions: 0,
            rejections: 1,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) processes: [Process; PROCESSES],
    pub(crate) store: Store,
    /// Which process holds the lock between processes.
    pub(crate) lock: Option<usize>,
    pub(crate) issuer: Issuer,
    pub(crate) history: History,
    pub(crate) left: Bounds,
}

/// What the properties have to know of the past.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct History {
    /// Sign-ins that their user has ended.
    pub(crate) signed_out: Vec<Family>,
    /// Sign-ins whose newest refresh token a lost answer, a crash or a suspension may have taken away.
    pub(crate) excused: Vec<Family>,
    /// Access tokens that were checked and accepted.
    pub(crate) checked: Vec<String>,
    /// Refresh tokens that the store has held.
    pub(crate) stored: Vec<String>,
    /// The first promise that was broken, in words.
    pub(crate) broken: Option<&'static str>,
}

impl World {
    /// One user is signed in, and neither process has read the store yet.
    pub(crate) fn new(bounds: &Bounds) -> Self {
        let mut issuer = Issuer::new(bounds.overlap);
        let (family, tokens) = issuer.sign_in("ada");
        let session = crate::user::session_of(family, &tokens, "ada");
        let mut history = History::default();
        history.checked.extend(session.access_token());
        let mut store = Store::default();
        store.put(Some(session.item()), &mut history);
        Self {
            processes: [Process::default(), Process::default()],
            store,
            lock: None,
            issuer,
            history,
            left: bounds.clone(),
        }
    }

    pub(crate) fn machine(&self, process: usize) -> &Machine {
        &self.processes[process].machine
    }
}

impl History {
    /// A promise is broken.
    pub(crate) fn break_promise(&mut self, words: &'static str) {
        self.broken.get_or_insert(words);
    }

    pub(crate) fn excuse(&mut self, family: Family) {
        insert(&mut self.excused, family);
    }

    pub(crate) fn sign_out(&mut self, family: Family) {
        insert(&mut self.signed_out, family);
    }

    pub(crate) fn check(&mut self, access_token: &str) {
        insert(&mut self.checked, access_token.to_owned());
    }
}

/// In order and once, so that two ways to the same past are one state.
pub(crate) fn insert<T: Ord>(list: &mut Vec<T>, item: T) {
    if let Err(place) = list.binary_search(&item) {
        list.insert(place, item);
    }
}
