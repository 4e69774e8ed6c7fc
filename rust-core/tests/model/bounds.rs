//! The bounds of a world. Every order of the steps within them is explored.

use std::time::Duration;

use pilotlight_core::model::lifetime::LifetimeLimits;

/// The issuer's reaction to a spent refresh token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Rotation {
    /// It ends the session.
    #[default]
    Strict,
    /// It accepts the one before the current token once more. An older one ends the session.
    Overlap,
    /// It refuses the token, and does nothing else.
    Tolerant,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Bounds {
    pub(crate) rotation: Rotation,
    /// Renewals that each process begins.
    pub(crate) renewals: u8,
    /// Sign-ins as another user.
    pub(crate) sign_ins: u8,
    /// Sign-ins as the same user.
    pub(crate) sign_ins_again: u8,
    pub(crate) sign_outs: u8,
    /// Authentications that an API asks for (RFC 9470).
    pub(crate) step_ups: u8,
    /// Crashes, of either process.
    pub(crate) crashes: u8,
    /// Requests or answers that are lost.
    pub(crate) losses: u8,
    /// Renewals that the issuer declines without saying why.
    pub(crate) declines: u8,
    /// How often the store is locked for a while.
    pub(crate) locks: u8,
    /// Writes that the store refuses.
    pub(crate) refusals: u8,
    /// Suspensions while a process holds the lock.
    pub(crate) suspensions: u8,
    /// Renewals whose ID token is not accepted.
    pub(crate) rejections: u8,
    /// How often two hours pass.
    pub(crate) hours: u8,
    /// How often the wall clock is set wrong, or stops.
    pub(crate) clocks: u8,
    /// Changes of the metadata that are made.
    pub(crate) changes: u8,
    /// Whether renewals bind the session to a key (DPoP).
    pub(crate) binds: bool,
    /// Copies of the access token.
    pub(crate) leases: u8,
    /// How many hours a session may last; `None` for no limit.
    pub(crate) lifetime: Option<u8>,
}

impl Bounds {
    /// The limits of a process.
    pub(crate) fn limits(&self) -> LifetimeLimits {
        LifetimeLimits {
            absolute: self.lifetime.map(|hours| Duration::from_secs(u64::from(hours) * 3600)),
            ..LifetimeLimits::default()
        }
    }

    /// Few faults: every order of two processes' steps.
    pub(crate) fn orders(rotation: Rotation) -> Self {
        Self {
            rotation,
            renewals: 1,
            sign_ins: 1,
            sign_outs: 1,
            suspensions: 1,
            ..Self::default()
        }
    }

    /// Every fault once.
    pub(crate) fn faults(rotation: Rotation) -> Self {
        Self {
            rotation,
            renewals: 2,
            sign_outs: 1,
            crashes: 1,
            losses: 1,
            locks: 1,
            refusals: 1,
            rejections: 1,
            ..Self::default()
        }
    }

    /// Wrong and stopped clocks, and tokens that expire.
    pub(crate) fn clocks(rotation: Rotation) -> Self {
        Self {
            rotation,
            renewals: 2,
            crashes: 1,
            losses: 1,
            declines: 1,
            hours: 1,
            clocks: 1,
            ..Self::default()
        }
    }

    /// Sessions that last three hours.
    pub(crate) fn lifetimes(rotation: Rotation) -> Self {
        Self {
            rotation,
            renewals: 2,
            sign_ins_again: 1,
            crashes: 1,
            losses: 1,
            hours: 2,
            lifetime: Some(3),
            ..Self::default()
        }
    }

    /// Metadata changes that wait, while users come and go.
    pub(crate) fn changes(rotation: Rotation) -> Self {
        Self {
            rotation,
            sign_ins: 1,
            sign_ins_again: 1,
            sign_outs: 1,
            crashes: 1,
            losses: 1,
            refusals: 1,
            changes: 2,
            ..Self::default()
        }
    }

    /// A process is overtaken while its request is in flight.
    pub(crate) fn refusals() -> Self {
        Self {
            rotation: Rotation::Tolerant,
            renewals: 2,
            suspensions: 1,
            changes: 1,
            ..Self::default()
        }
    }

    /// Renewals bind the session to a key, in either process.
    pub(crate) fn binding(rotation: Rotation) -> Self {
        Self {
            rotation,
            renewals: 2,
            crashes: 1,
            losses: 1,
            refusals: 1,
            suspensions: 1,
            changes: 1,
            binds: true,
            ..Self::default()
        }
    }

    /// The user authenticates again, in either process.
    pub(crate) fn step_ups(rotation: Rotation) -> Self {
        Self {
            rotation,
            renewals: 1,
            sign_ins_again: 1,
            sign_outs: 1,
            step_ups: 2,
            crashes: 1,
            refusals: 1,
            suspensions: 1,
            hours: 2,
            changes: 1,
            lifetime: Some(3),
            ..Self::default()
        }
    }

    /// Copies of the access token are given out without asking the core.
    pub(crate) fn leases() -> Self {
        Self {
            rotation: Rotation::Overlap,
            renewals: 1,
            sign_ins: 1,
            sign_outs: 1,
            rejections: 1,
            hours: 1,
            clocks: 1,
            leases: 2,
            ..Self::default()
        }
    }

    /// Everything together, for a long run.
    pub(crate) fn everything(rotation: Rotation) -> Self {
        Self {
            rotation,
            renewals: 2,
            sign_ins: 1,
            sign_ins_again: 1,
            sign_outs: 1,
            step_ups: 1,
            crashes: 1,
            losses: 1,
            declines: 1,
            locks: 1,
            refusals: 1,
            suspensions: 1,
            rejections: 1,
            hours: 1,
            clocks: 1,
            changes: 2,
            binds: true,
            leases: 2,
            lifetime: None,
        }
    }
}
