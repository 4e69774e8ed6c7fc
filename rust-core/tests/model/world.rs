//! The world as one value: two processes, their store, the lock between them, the issuer, and the history so far.

use std::sync::Arc;

use pilotlight_core::model::time::Instant;
use pilotlight_core::storage::envelope::{StoredItem, StoredSession};

use crate::bounds::Bounds;
use crate::clock::Clock;
use crate::issuer::{Family, Issuer, TokenName, User, is_of_step_up, name_of};
use crate::process::Process;
use crate::store::Store;
use crate::user::family_of_session;

pub(crate) const PROCESSES: usize = 2;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    /// Shared between states, because a step changes only one of them.
    pub(crate) processes: [Arc<Process>; PROCESSES],
    pub(crate) store: Store,
    /// Which process holds the lock between processes.
    pub(crate) lock: Option<usize>,
    /// The process that sends waiting changes.
    pub(crate) changes_lock: Option<usize>,
    pub(crate) issuer: Issuer,
    pub(crate) clock: Clock,
    pub(crate) history: History,
    pub(crate) left: Bounds,
}

/// The past, as far as the properties need it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct History {
    /// Sign-ins that their user has ended.
    pub(crate) signed_out: Families,
    /// Sign-ins whose user has signed out, or that were replaced by another one.
    pub(crate) gone: Families,
    /// Sign-ins whose newest refresh token may be lost by a lost answer, a crash or a suspension.
    pub(crate) excused: Families,
    /// Sign-ins that became a process's session.
    pub(crate) entered: Families,
    /// Sign-ins whose data a process could not write: the next process that renews cannot know them.
    pub(crate) unwritten: Families,
    /// Sign-ins that the store has held.
    pub(crate) stored: Families,
    /// Sign-ins of which the store has held a renewal.
    pub(crate) renewed: Families,
    /// Sign-ins whose tokens a step-up has replaced in the store.
    pub(crate) superseded: Families,
    /// Sign-ins that were step-ups of a session.
    pub(crate) stepped_up: Families,
    /// For each step-up that entered a session: the sign-in whose tokens it replaced, and the step-up itself.
    pub(crate) replaced: Vec<(Family, Family)>,
    /// Access tokens that were checked and accepted.
    pub(crate) checked: Vec<TokenName>,
    /// The order in which two processes made their changes is unknown: a process was suspended, and released the lock,
    /// while a metadata change was in flight, or the wall clock was set wrong.
    pub(crate) order_is_unknown: bool,
    /// The hour of each sign-in, if sessions have a limited lifetime.
    pub(crate) signed_in: Vec<u8>,
    /// Metadata changes that waited.
    pub(crate) changes: Vec<Change>,
    /// The first broken promise, in words.
    pub(crate) broken: Option<&'static str>,
}

/// A metadata change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Change {
    /// The sign-in in which it was made.
    pub(crate) family: Family,
    pub(crate) user: User,
    /// The process in which it was made.
    pub(crate) maker: usize,
    /// The store has held it.
    pub(crate) is_stored: bool,
    /// The issuer has made it, or a process crashed before it was stored.
    pub(crate) is_over: bool,
}

/// A set of sign-ins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Families(u16);

impl Families {
    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn insert(&mut self, family: Family) {
        self.0 |= 1 << family;
    }

    pub(crate) fn contains(self, family: &Family) -> bool {
        self.0 & (1 << family) != 0
    }
}

impl World {
    /// One user is signed in, and neither process has read the store yet.
    pub(crate) fn new(bounds: &Bounds) -> Self {
        let mut issuer = Issuer::new(bounds.rotation);
        let clock = Clock::default();
        let (family, tokens) = issuer.sign_in(User::Ada);
        let session = crate::user::session_of(family, &tokens, User::Ada, clock.now());
        let mut history = History::default();
        history.signed_in.extend(bounds.lifetime.map(|_| clock.hours));
        history.entered.insert(family);
        history.check(name_of(tokens.access_token.as_ref().unwrap()));
        let mut store = Store::default();
        store.put(Some(&StoredItem::Session(Box::new(session))), &mut history);
        Self {
            processes: [(); PROCESSES].map(|()| Arc::new(Process::limited(bounds.limits()))),
            store,
            lock: None,
            changes_lock: None,
            issuer,
            clock,
            history,
            left: bounds.clone(),
        }
    }

    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Whether the lifetime of that process's session is over.
    pub(crate) fn is_over(&self, process: usize) -> bool {
        let is_over = || {
            let family = family_of_session(self.machine(process).session()?);
            let signed_in = self.history.signed_in.get(usize::from(family))?;
            Some(self.clock.hours - signed_in >= self.left.lifetime?)
        };
        is_over().unwrap_or(false)
    }

    /// The user of this sign-in has left.
    pub(crate) fn leaves(&mut self, family: Option<Family>) {
        let Some(left) = family else {
            return;
        };
        self.history.signed_out.insert(left);
        let (issuer, history) = (&self.issuer, &mut self.history);
        let entered = history.entered;
        let is_theirs = |family: &Family| issuer.user_of(*family) == issuer.user_of(left) && entered.contains(family);
        let gone = issuer.families().filter(is_theirs);
        gone.for_each(|family| history.gone.insert(family));
    }

    /// A process, to be changed.
    pub(crate) fn process(&mut self, number: usize) -> &mut Process {
        Arc::make_mut(&mut self.processes[number])
    }

    pub(crate) fn release_changes_lock(&mut self, process: usize) {
        if self.changes_lock == Some(process) {
            self.changes_lock = None;
        }
    }

    pub(crate) fn release_lock(&mut self, process: usize) {
        if self.lock == Some(process) {
            self.lock = None;
        }
    }
}

impl History {
    /// Records a broken promise. The text begins with its number.
    pub(crate) fn break_promise(&mut self, words: &'static str) {
        self.broken.get_or_insert(words);
    }

    /// Whether the store has held that sign-in, or the session that it is a step-up of.
    pub(crate) fn was_stored(&self, family: Family) -> bool {
        let mut before = self.replaced.iter().filter(|(_, by)| *by == family);
        self.stored.contains(&family) || before.any(|(replaced, _)| self.was_stored(*replaced))
    }

    /// Whether the user has ended that sign-in, or the session that continues with its tokens.
    pub(crate) fn has_left(&self, family: Family) -> bool {
        let session = self.session_of(family);
        let mut all = 0..Family::BITS as Family;
        all.any(|other| self.signed_out.contains(&other) && self.session_of(other) == session)
    }

    /// The sign-in with which the session that has these tokens began.
    pub(crate) fn session_of(&self, family: Family) -> Family {
        let mut replaced = self.replaced.iter().filter(|(_, by)| *by == family);
        replaced.next().map_or(family, |(before, _)| self.session_of(*before))
    }

    pub(crate) fn check(&mut self, access_token: TokenName) {
        insert(&mut self.checked, access_token);
    }

    pub(crate) fn store(&mut self, session: &StoredSession) {
        let family = crate::user::family_of_session(session);
        self.stored.insert(family);
        let is_renewed = |token| name_of(token).1 > 0;
        let tokens = &session.credentials;
        if tokens.refresh_token.as_ref().is_some_and(is_renewed)
            || tokens.access_token.as_ref().is_some_and(is_of_step_up)
            || self.stepped_up.contains(&family)
        {
            self.renewed.insert(family);
        }
        // Nobody needs the tokens that a step-up has replaced.
        let replaced = self.replaced.iter().filter(|(_, by)| *by == family);
        let replaced: Vec<_> = replaced.map(|(replaced, _)| *replaced).collect();
        replaced.into_iter().for_each(|family| self.superseded.insert(family));
        for update in &session.pending_updates {
            self.changes[usize::try_from(update.id).unwrap()].is_stored = true;
        }
    }
}

/// In order and without duplicates, so that two paths to the same history are one state.
fn insert<T: Ord>(list: &mut Vec<T>, item: T) {
    if let Err(place) = list.binary_search(&item) {
        list.insert(place, item);
    }
}
