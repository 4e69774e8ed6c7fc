//! What a caller asks for: which renewal, and which token makes it unnecessary.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::super::options::RefreshOptions;
use crate::machine::{Generation, RenewalKind};
use crate::model::audience::Audience;
use crate::model::secret::Secret;
use crate::protocol::mfa::MfaProof;
use crate::protocol::mfa_token::MfaToken;

/// What makes a renewal unnecessary: a token that another task's or another process's renewal brought.
#[derive(Clone, Debug)]
pub(super) enum TokenRequirement {
    /// Any token that is good for at least this long.
    ValidFor(Duration),
    /// One that is, and that this process got after it had made this many renewals.
    RenewedSince { renewals: u64, min_ttl: Duration },
    /// Any but this one, which was refused, that is good for at least this long.
    OtherThan { refused: Secret, min_ttl: Duration },
    /// An ID token that is good for at least this long. For every other requirement it is an access token.
    IdToken(Duration),
    /// Nothing: it has its own parameters.
    Renewal,
}

/// What a renewal is for. Callers for the same share one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Renewal {
    /// A further audience; none for the session's own access token.
    pub(super) audience: Option<Audience>,
    pub(super) options: RefreshOptions,
    /// What comes is given to one caller and kept nowhere: a session transfer token.
    pub(super) single_use: Option<SingleUse>,
    /// Goes on with a second factor instead of the refresh token.
    pub(super) mfa: Option<MfaRenewal>,
}

/// A renewal that was refused with `mfa_required`, and what it goes on with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MfaRenewal {
    pub(super) id: u64,
    /// The session that was to be renewed.
    pub(super) generation: Generation,
    /// The refresh token that was shown then. Where it is spent, the issuer may take what goes on with it for a theft.
    pub(super) refused: Secret,
    pub(super) token: MfaToken,
    pub(super) proof: MfaProof,
}

/// One caller's.
#[derive(Clone, Debug, Default)]
pub(super) struct SingleUse {
    /// How long what comes is good, where the issuer says so.
    pub(super) lifetime_seconds: Arc<OnceLock<u64>>,
}

impl PartialEq for SingleUse {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.lifetime_seconds, &other.lifetime_seconds)
    }
}

impl Eq for SingleUse {}

impl Renewal {
    /// Without its own parameters.
    pub(super) fn of(audience: Option<&Audience>) -> Self {
        Self {
            audience: audience.cloned(),
            ..Self::default()
        }
    }

    /// For one caller, who uses what comes once.
    pub(super) fn for_single_use(audience: Audience, single_use: &SingleUse) -> Self {
        Self {
            audience: Some(audience),
            single_use: Some(single_use.clone()),
            ..Self::default()
        }
    }

    pub(super) fn kind(&self) -> RenewalKind {
        match &self.audience {
            Some(audience) => RenewalKind::Further(audience.clone()),
            None if self.options == RefreshOptions::default() => RenewalKind::Own,
            None => RenewalKind::WithOptions,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_once_is_one_callers() {
        let mine = SingleUse::default();
        assert_eq!(mine, mine.clone());
        assert_ne!(mine, SingleUse::default());
    }

    #[test]
    fn a_failure_counts_for_renewals_of_its_kind() {
        let options = RefreshOptions {
            scopes: vec!["openid".to_owned()],
            ..RefreshOptions::default()
        };
        let with_options = Renewal {
            options,
            ..Renewal::default()
        };
        assert_eq!(with_options.kind(), RenewalKind::WithOptions);
        assert_eq!(Renewal::default().kind(), RenewalKind::Own);
    }
}
