//! How much may happen in a world. Every order of it is walked.

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Bounds {
    /// Whether the issuer takes the previous refresh token once more.
    pub(crate) overlap: bool,
    /// Renewals that each process begins.
    pub(crate) renewals: u8,
    /// Sign-ins as another user.
    pub(crate) sign_ins: u8,
    /// Sign-ins as the same user.
    pub(crate) sign_ins_again: u8,
    pub(crate) sign_outs: u8,
    /// Crashes of either process.
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
}

impl Bounds {
    /// Few faults: every order of two processes' steps.
    pub(crate) fn orders(overlap: bool) -> Self {
        Self {
            overlap,
            renewals: 1,
            sign_ins: 1,
            sign_outs: 1,
            suspensions: 1,
            ..Self::default()
        }
    }

    /// Every fault once.
    pub(crate) fn faults(overlap: bool) -> Self {
        Self {
            overlap,
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
    pub(crate) fn clocks(overlap: bool) -> Self {
        Self {
            overlap,
            renewals: 2,
            crashes: 1,
            losses: 1,
            declines: 1,
            hours: 1,
            clocks: 1,
            ..Self::default()
        }
    }

    /// Changes of the metadata that wait, while users come and go.
    pub(crate) fn changes(overlap: bool) -> Self {
        Self {
            overlap,
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

    /// All of it together, for a long run.
    pub(crate) fn everything(overlap: bool) -> Self {
        Self {
            overlap,
            renewals: 2,
            sign_ins: 1,
            sign_ins_again: 1,
            sign_outs: 1,
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
        }
    }
}
