//! What a caller requests: which renewal, and which token makes it unnecessary.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::super::options::RefreshOptions;
use crate::machine::{Generation, RenewalKind};
use crate::model::audience::Audience;
use crate::model::secret::Secret;
use crate::protocol::mfa::MfaProof;
use crate::protocol::mfa_token::MfaToken;

/// What makes a renewal unnecessary: a token from the renewal of another task or another process.
#[derive(Clone, Debug)]
pub(super) enum TokenRequirement {
    /// Any token that is good for at least this long.
    ValidFor(Duration),
    /// Such a token that this process has got since it had made this many renewals.
    RenewedSince { renewals: u64, min_ttl: Duration },
    /// Any token except this one, which was refused, that is good for at least this long.
    OtherThan { refused: Secret, min_ttl: Duration },
    /// An ID token that is good for at least this long. All other requirements are for an access token.
    IdToken(Duration),
    /// Nothing: the renewal has its own parameters.
    Renewal,
}

/// What is renewed, and how. Callers with equal values share one renewal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Renewal {
    /// A further audience; `None` for the session's own access token.
    pub(super) audience: Option<Audience>,
    pub(super) options: RefreshOptions,
    /// The token is returned to one caller and not kept: a session transfer token.
    pub(super) single_use: Option<SingleUse>,
    /// Continues with a second factor instead of the refresh token.
    pub(super) mfa: Option<MfaRenewal>,
}

/// A renewal that was refused with `mfa_required`, and the second factor with which it continues.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MfaRenewal {
    pub(super) id: u64,
    /// The session that was to be renewed.
    pub(super) generation: Generation,
    /// The refresh token that was sent then. If it is spent, the issuer may treat the continuation as theft.
    pub(super) refused: Secret,
    pub(super) token: MfaToken,
    pub(super) proof: MfaProof,
}

/// Identifies one caller.
#[derive(Clone, Debug, Default)]
pub(super) struct SingleUse {
    /// The token's lifetime, if the issuer states it.
    pub(super) lifetime_seconds: Arc<OnceLock<u64>>,
}

impl PartialEq for SingleUse {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.lifetime_seconds, &other.lifetime_seconds)
    }
}

impl Eq for SingleUse {}

impl Renewal {
    /// A renewal without its own parameters.
    pub(super) fn of(audience: Option<&Audience>) -> Self {
        Self {
            audience: audience.cloned(),
            ..Self::default()
        }
    }

    /// A renewal for one caller, which uses the token once.
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
