//! The device's clocks: one that counts all time, and a wall clock that may be wrong or stopped.

use std::time::Duration;

use pilotlight_core::model::time::{Instant, Timestamp};

const START: i64 = 1_800_000_000;
/// Seconds before the start.
const BOOTED: u64 = 1_000;
const TEN_YEARS: i64 = 10 * 365 * 24 * 3600;
/// Longer than the lifetime of an access token and than any cooldown.
const STEP: u8 = 2;
/// Setting the wall clock takes some seconds: longer than a copy of a token is given out without another reading of
/// that clock.
const SECONDS_TO_SET: u8 = 2;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Clock {
    /// Hours since the start, in steps.
    pub(crate) hours: u8,
    /// How often the wall clock was set.
    settings: u8,
    /// Seconds that requests took.
    requests: u8,
    pub(crate) wall: Wall,
}

/// What the wall clock shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Wall {
    #[default]
    Right,
    Ahead,
    Back,
    Stopped,
}

/// The hour of that moment.
pub(crate) fn hour_of(at: Instant) -> u8 {
    u8::try_from((at.monotonic.as_secs() - BOOTED) / 3600).unwrap()
}

impl Wall {
    pub(crate) const ALL: [Self; 4] = [Self::Right, Self::Ahead, Self::Back, Self::Stopped];
}

impl Clock {
    pub(crate) fn now(self) -> Instant {
        let passed = u64::from(self.hours) * 3600 + u64::from(self.settings * SECONDS_TO_SET + self.requests);
        let monotonic = Duration::from_secs(BOOTED + passed);
        let passed = i64::try_from(passed).unwrap();
        let wall = match self.wall {
            Wall::Right => START + passed,
            Wall::Ahead => START + passed + TEN_YEARS,
            Wall::Back => START + passed - TEN_YEARS,
            Wall::Stopped => START,
        };
        Instant {
            wall: Timestamp(wall),
            monotonic,
        }
    }

    pub(crate) fn pass(&mut self) {
        self.hours += STEP;
    }

    /// A request took a second.
    pub(crate) fn request(&mut self) {
        self.requests += 1;
    }

    pub(crate) fn set(&mut self, wall: Wall) {
        self.settings += 1;
        self.wall = wall;
    }

    /// The same moment, with every possible wall clock.
    pub(crate) fn readings(self) -> impl Iterator<Item = Instant> {
        Wall::ALL.into_iter().map(move |wall| Self { wall, ..self }.now())
    }
}
