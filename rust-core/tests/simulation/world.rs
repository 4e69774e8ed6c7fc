//! The world of one run: the issuer, the shared store, the lock, the network, the processes, and the records of the
//! rules.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use pilotlight_core::machine::event::Report;
use pilotlight_core::session::SessionManager;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::figures::Figures;
use crate::profile::Profile;
use crate::random::Random;
use crate::scheduler::{Pause, Scheduler, Work};
use crate::server::{Server, Who};

pub(crate) struct World {
    pub(crate) scheduler: Arc<Scheduler>,
    state: Mutex<State>,
    traces: bool,
}

pub(crate) struct State {
    pub(crate) profile: Profile,
    pub(crate) server: Server,
    pub(crate) items: BTreeMap<String, Vec<u8>>,
    /// Counts the changes of the store.
    pub(crate) store_clock: u64,
    /// When a sign-out removed the item of a sign-in.
    pub(crate) removed: BTreeMap<usize, u64>,
    /// The expiries of all tokens that the store has ever held: a process may announce them after another has replaced
    /// them.
    pub(crate) stored_expiries: BTreeSet<i64>,
    pub(crate) store_is_closed: bool,
    pub(crate) is_offline: bool,
    /// Nothing goes wrong: at the beginning and at the end.
    pub(crate) is_calm: bool,
    pub(crate) locks: BTreeMap<String, (Who, u64)>,
    pub(crate) locks_given: u64,
    pub(crate) processes: Vec<Process>,
    /// Renewals that were sent and have no answer yet.
    pub(crate) in_flight: Vec<(Who, usize)>,
    pub(crate) calls: BTreeMap<u64, Call>,
    pub(crate) next_call: u64,
    pub(crate) violation: Option<String>,
    pub(crate) figures: Figures,
    trace: Vec<String>,
}

/// A call of the public API that has not returned.
pub(crate) struct Call {
    pub(crate) who: Who,
    pub(crate) what: String,
    pub(crate) since: Duration,
}

/// One process over all its starts.
pub(crate) struct Process {
    pub(crate) reads_only: bool,
    pub(crate) start: u32,
    pub(crate) is_alive: bool,
    pub(crate) started_at: Duration,
    pub(crate) wall_ahead: i64,
    pub(crate) actions_left: u32,
    pub(crate) actors: u32,
    pub(crate) manager: Option<SessionManager>,
    pub(crate) events: Option<UnboundedReceiver<Report>>,
    pub(crate) lost_in_a_row: u32,
    pub(crate) seen: Seen,
}

/// What one start of a process has seen and done, and thus may know.
#[derive(Default)]
pub(crate) struct Seen {
    /// It had to release its lock while it held it, and has not got it again since.
    pub(crate) is_without_lock: bool,
    /// When it last continued after a suspension.
    pub(crate) thawed_at: Duration,
    pub(crate) read_at: u64,
    pub(crate) read_nothing: bool,
    pub(crate) read_locked: bool,
    pub(crate) read_ended: BTreeSet<usize>,
    /// The families that it has read from the store or written there.
    pub(crate) known: BTreeSet<usize>,
    pub(crate) refused: BTreeSet<usize>,
    pub(crate) signed_in: BTreeSet<usize>,
    pub(crate) sign_outs: u32,
    /// The sign-outs that have not returned.
    pub(crate) sign_outs_under_way: u32,
    pub(crate) last_sign_out: Duration,
    /// It could not read which session it signs out of.
    pub(crate) is_blind: bool,
    /// The families that it removed from the store itself.
    pub(crate) left: BTreeSet<usize>,
    pub(crate) lost: Option<(String, Duration)>,
    pub(crate) asked_again: u32,
    /// Whether a user is signed in according to the events that it announced.
    pub(crate) tells_of_a_session: bool,
}

impl World {
    pub(crate) fn new(seed: u64, profile: Profile, traces: bool) -> Arc<Self> {
        let scheduler = Arc::new(Scheduler::new(seed));
        let count = profile.writers + profile.readers;
        let processes = (0..count)
            .map(|process| Process::new(process >= profile.writers))
            .collect();
        let state = State {
            profile,
            server: Server::default(),
            items: BTreeMap::new(),
            store_clock: 0,
            removed: BTreeMap::new(),
            stored_expiries: BTreeSet::new(),
            store_is_closed: false,
            is_offline: false,
            is_calm: true,
            locks: BTreeMap::new(),
            locks_given: 0,
            processes,
            in_flight: Vec::new(),
            calls: BTreeMap::new(),
            next_call: 0,
            violation: None,
            figures: Figures::default(),
            trace: Vec::new(),
        };
        let state = Mutex::new(state);
        Arc::new(Self {
            scheduler,
            state,
            traces,
        })
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn random(&self) -> MutexGuard<'_, Random> {
        self.scheduler.random()
    }

    pub(crate) fn now(&self) -> Duration {
        self.scheduler.now()
    }

    pub(crate) fn pause(&self, length: Duration) -> Pause {
        Pause::new(&self.scheduler, length)
    }

    /// A pause between zero and `longest`.
    pub(crate) fn pause_up_to(&self, longest: Duration) -> Pause {
        let length = self.random().up_to(longest);
        self.pause(length)
    }

    /// Runs work of the world itself: fate, the user, the issuer.
    pub(crate) fn spawn(&self, work: Work) {
        self.scheduler.spawn(None, work);
    }

    /// True with a probability of `per_mille` in a thousand, and never while nothing may go wrong.
    pub(crate) fn goes_wrong(&self, per_mille: u32) -> bool {
        !self.state().is_calm && self.random().chance(per_mille)
    }

    /// The process may end here.
    pub(crate) fn may_crash(&self, who: Who) {
        let crash = self.state().profile.crash;
        if self.goes_wrong(crash) {
            self.scheduler.crash(who.process);
        }
    }

    pub(crate) fn trace(&self, line: impl FnOnce() -> String) {
        if self.traces {
            let now = self.now();
            let line = format!("{:>12.3} s  {}", now.as_secs_f64(), line());
            self.state().trace.push(line);
        }
    }

    /// The same, for an action of one process.
    pub(crate) fn trace_of(&self, who: Who, line: impl FnOnce() -> String) {
        self.trace(|| format!("{}.{}  {}", name_of(who.process), who.start, line()));
    }

    pub(crate) fn take_trace(&self) -> Vec<String> {
        std::mem::take(&mut self.state().trace)
    }
}

pub(crate) fn name_of(process: usize) -> char {
    char::from(b'A' + u8::try_from(process).unwrap())
}

impl State {
    pub(crate) fn is_alive(&self, who: Who) -> bool {
        let process = &self.processes[who.process];
        process.is_alive && process.start == who.start
    }

    /// What the present start of a process has seen; `None` for an earlier start.
    pub(crate) fn seen(&mut self, who: Who) -> Option<&mut Seen> {
        let is_alive = self.is_alive(who);
        is_alive.then(|| &mut self.processes[who.process].seen)
    }

    pub(crate) fn is_without_lock(&self, who: Who) -> bool {
        self.is_alive(who) && self.processes[who.process].seen.is_without_lock
    }

    /// Whether the user has signed out of it in that process, or signed in again in its place, in the store or not.
    pub(crate) fn has_left(&self, who: Who, family: usize) -> bool {
        let seen = &self.processes[who.process].seen;
        let began = self.server.families[family].began;
        let signed_out = seen.sign_outs > 0 && began <= seen.last_sign_out;
        // If the store took the new sign-in, everybody can know of it.
        let is_unstored = |newer: usize| {
            let tokens = self.server.refresh_tokens.values();
            tokens
                .filter(|token| token.family == newer)
                .any(|token| token.write_failed)
        };
        let mut sign_ins = seen.signed_in.iter().copied();
        signed_out || sign_ins.any(|newer| self.server.families[newer].began > began && is_unstored(newer))
    }

    /// Records the first mistake; what follows from it does not count.
    pub(crate) fn blame(&mut self, mistake: String) {
        self.violation.get_or_insert(mistake);
    }
}

impl Process {
    fn new(reads_only: bool) -> Self {
        Self {
            reads_only,
            start: 0,
            is_alive: false,
            started_at: Duration::ZERO,
            wall_ahead: 0,
            actions_left: 0,
            actors: 0,
            manager: None,
            events: None,
            lost_in_a_row: 0,
            seen: Seen::default(),
        }
    }

    /// Takes one of the actions of its users; false if none is left, and one user stops.
    pub(crate) fn takes_action(&mut self) -> bool {
        let has_some = self.actions_left > 0;
        if has_some {
            self.actions_left -= 1;
        } else {
            self.actors -= 1;
        }
        has_some
    }
}
