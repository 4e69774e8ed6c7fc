//! The description of a module.

/// The suite's test plans for relying parties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    Basic,
    Config,
    Refresh,
    Comprehensive,
    Logout,
    Fapi2,
}

impl Plan {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Basic => "Basic",
            Self::Config => "Config",
            Self::Refresh => "Refresh token",
            Self::Comprehensive => "Comprehensive",
            Self::Logout => "RP-initiated logout",
            Self::Fapi2 => "FAPI 2.0",
        }
    }
}

/// One module: its name in the suite, its plans, and what a relying party must do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Module {
    pub(crate) name: &'static str,
    pub(crate) plans: &'static [Plan],
    /// A sentence about the relying party.
    pub(crate) expects: &'static str,
    /// The section of the specification that requires it.
    pub(crate) source: &'static str,
}
