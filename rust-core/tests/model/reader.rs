//! A reader that keeps a copy of the access token (like Swift's `TokenCache`): it takes a lease, then the text, and
//! gives the text out without asking the core for as long as the lease allows. A caller may want the text in every
//! state.

use std::time::Duration;

use pilotlight_core::machine::Observers;
use pilotlight_core::machine::event::Report;

use crate::issuer::{TokenName, name_of};
use crate::world::{PROCESSES, World};

/// When a lease has ended, the text that it covers is no longer given out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Reader {
    #[default]
    Nothing,
    /// A lease, but not the text yet.
    Lease {
        ends: Duration,
    },
    Keeps {
        text: TokenName,
        ends: Duration,
    },
}

impl Reader {
    /// The text that is given out without asking the core.
    fn given(self, now: Duration) -> Option<TokenName> {
        match self {
            Self::Keeps { text, ends } if now < ends => Some(text),
            _ => None,
        }
    }
}

/// The reader while the machine takes an input: nobody can ask the machine at that time, but a copy can be given out.
pub(crate) struct Watching {
    pub(crate) reader: Reader,
    /// The text given to a subscriber that received the first announcement at that moment.
    given_to_subscriber: Option<TokenName>,
    now: Duration,
}

impl Watching {
    pub(crate) fn new(reader: Reader, now: Duration) -> Self {
        Self {
            reader,
            given_to_subscriber: None,
            now,
        }
    }
}

impl Observers for Watching {
    fn raise_epoch(&mut self) {
        self.reader = Reader::Nothing;
    }

    fn announce(&mut self, _: &Report) {
        self.given_to_subscriber = self.given_to_subscriber.or(self.reader.given(self.now));
    }
}

impl World {
    /// Checks after an input that a subscriber was given the same text that the core gives.
    pub(crate) fn check_watched(&mut self, process: usize, watched: &Watching) {
        let given = watched.given_to_subscriber;
        if given.is_some() && given != self.token_of_core(process) {
            self.history
                .break_promise("leases: a subscriber got an older token than the announcement was of");
        }
    }

    pub(crate) fn can_take_lease(&self, process: usize) -> bool {
        self.left.leases > 0
            && self.processes[process].reader == Reader::Nothing
            && self.lease(process, self.now()).is_some()
    }

    pub(crate) fn can_take_text(&self, process: usize) -> bool {
        matches!(self.processes[process].reader, Reader::Lease { .. })
    }

    pub(crate) fn take_lease(&mut self, process: usize) {
        let now = self.now();
        let lease = self.lease(process, now).map(|lease| Reader::Lease {
            ends: now.monotonic + lease.ends_in,
        });
        self.process(process).reader = lease.unwrap_or_default();
    }

    pub(crate) fn take_text(&mut self, process: usize) {
        let text = self.token_of_core(process);
        let kept = match (self.processes[process].reader, text) {
            (Reader::Lease { ends }, Some(text)) => Reader::Keeps { text, ends },
            _ => Reader::Nothing,
        };
        self.process(process).reader = kept;
    }

    /// The core's answer at this moment.
    fn token_of_core(&self, process: usize) -> Option<TokenName> {
        self.stored_access_token(process, self.now()).map(name_of)
    }
}

/// A text is given out although the core would give another one, or none.
pub(crate) fn outlived_lease(world: &World) -> Option<&'static str> {
    let is_outlived = |number: usize| {
        let given = world.processes[number].reader.given(world.now().monotonic);
        given.is_some() && given != world.token_of_core(number)
    };
    (0..PROCESSES)
        .any(is_outlived)
        .then_some("leases: a text is given out that the core would not give")
}
