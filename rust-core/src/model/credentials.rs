//! The tokens of one session and the rules of their age. Pure: the caller passes the clock's reading.

use std::time::Duration;

use serde::Serialize;

use crate::model::proof_key::ProofKey;
use crate::model::secret::Secret;
use crate::model::time::{Instant, Timestamp};

/// The assumed lifetime of an access token whose answer has no `expires_in` (RFC 6749 5.1 leaves it to "other means").
/// It is short enough that a wrong guess costs a renewal, not a refused request; a 401 remains decisive.
pub const DEFAULT_LIFETIME_SECONDS: u64 = 300;
/// No access token is assumed to live longer than ten years; larger numbers are mistakes that would overflow dates.
const LONGEST_LIFETIME_SECONDS: u64 = 10 * 365 * 24 * 3600;

/// The tokens of one session, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Credentials {
    /// Sent to APIs. Absent after a renewal whose ID token was not accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token: Option<Secret>,
    /// Sent to the token endpoint only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<Secret>,
    /// The last accepted ID token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<Secret>,
    /// The granted scopes, separated by spaces, if the issuer stated them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// When the access token was received, by the device's wall clock.
    pub received_at: Timestamp,
    /// The lifetime of the access token from then, in seconds.
    pub lifetime_seconds: u64,
    /// Whether the session is one of an older Auth0 tenant, such as Lock 1 kept: it is based on its ID token, and is
    /// renewed by delegation. The two fields above are then the ID token's times, and an access token is valid as long
    /// as the ID token is.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub lives_by_id_token: bool,
    /// Whether these tokens came with a renewal whose answer has not been checked yet. They are kept but not given out,
    /// also after a restart and by other processes.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unchecked: bool,
    /// The key that the refresh token is bound to, or will be with the next renewal (DPoP, RFC 9449). `None` in a
    /// further audience's token: the key is the session's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof_key: Option<ProofKey>,
    /// Whether the access token is bound to that key (`token_type` DPoP).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_bound: bool,
}

/// How old an access token is, by clocks that may be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Good for at least this long.
    ValidFor(Duration),
    /// The wall clock is before the moment of receipt, which proves only that it was set. Renew the token if possible;
    /// without a refresh token it is valid for at most this long.
    Unclear(Duration),
    /// Expired, or of unknown age: renew it.
    RenewalDue,
}

/// When a token was received, on the monotonic clock of this process; unknown for a restored token.
pub type MonotonicReceipt = Option<Duration>;

impl Credentials {
    /// The lifetime to store for an answer's `expires_in`.
    pub fn lifetime_for(expires_in: Option<u64>) -> u64 {
        expires_in
            .unwrap_or(DEFAULT_LIFETIME_SECONDS)
            .min(LONGEST_LIFETIME_SECONDS)
    }

    /// The lifetime to store for an ID token that has just been received. The known server time may be wrong (because
    /// of a proxy's `Date`), so it counts only if it is consistent with the token itself.
    pub fn lifetime_of_id_token(issued_at: Timestamp, expires_at: Timestamp, server_now: Timestamp) -> u64 {
        let (whole, left) = (
            expires_at.seconds_since(issued_at),
            expires_at.seconds_since(server_now),
        );
        let seconds = if (1..=whole).contains(&left) { left } else { whole };
        u64::try_from(seconds).unwrap_or(0).min(LONGEST_LIFETIME_SECONDS)
    }

    /// The token that the times belong to.
    pub fn token(&self) -> Option<&Secret> {
        if self.lives_by_id_token {
            self.id_token.as_ref()
        } else {
            self.access_token.as_ref()
        }
    }

    /// Whether both have the same token, received at the same time.
    pub fn has_the_token_of(&self, other: &Self) -> bool {
        self.token() == other.token() && self.received_at == other.received_at
    }

    /// When the access token expires, by the device's wall clock.
    pub fn expires_at(&self) -> Timestamp {
        self.received_at
            .plus(i64::try_from(self.lifetime_seconds).unwrap_or(i64::MAX))
    }

    /// How long the access token is still valid. Its age is the larger one of the two clocks' readings, because the
    /// monotonic clock may stop while the device sleeps and the wall clock may be set back. A token that seems too old
    /// costs a renewal.
    pub fn freshness(&self, received: MonotonicReceipt, now: Instant) -> Freshness {
        let wall_age = u64::try_from(now.wall.seconds_since(self.received_at));
        let monotonic_age = received.map_or(Duration::ZERO, |received| now.monotonic.saturating_sub(received));
        let age = monotonic_age.max(Duration::from_secs(wall_age.unwrap_or(0)));
        match Duration::from_secs(self.lifetime_seconds).checked_sub(age) {
            Some(left) if !left.is_zero() && self.token().is_some() && wall_age.is_ok() => Freshness::ValidFor(left),
            Some(left) if !left.is_zero() && self.token().is_some() => Freshness::Unclear(left),
            _ => Freshness::RenewalDue,
        }
    }

    /// The access token, if it is good for at least `min_ttl` and not due for renewal.
    pub fn valid_access_token(&self, min_ttl: Duration, received: MonotonicReceipt, now: Instant) -> Option<&Secret> {
        self.access_token
            .as_ref()
            .filter(|_| self.is_good_for(min_ttl, received, now))
    }

    /// [`Credentials::freshness`] of the session's own token. Without a refresh token it ends the session, so the wall
    /// clock, which may be wrong, counts only if the time of receipt is not known by the other clock.
    pub fn own_freshness(&self, received: MonotonicReceipt, now: Instant) -> Freshness {
        let received = match received {
            Some(received) if self.refresh_token.is_none() => received,
            _ => return self.freshness(received, now),
        };
        let age = now.monotonic.saturating_sub(received);
        match Duration::from_secs(self.lifetime_seconds).checked_sub(age) {
            Some(left) if !left.is_zero() && self.token().is_some() => Freshness::ValidFor(left),
            _ => Freshness::RenewalDue,
        }
    }

    /// Whether the session's own token is good for at least `min_ttl`. Without a refresh token, an age that is unclear
    /// counts as none: a clock that was set back must not end the session either.
    pub fn is_own_good_for(&self, min_ttl: Duration, received: MonotonicReceipt, now: Instant) -> bool {
        match self.own_freshness(received, now) {
            Freshness::ValidFor(left) => left >= min_ttl,
            Freshness::Unclear(left) => self.refresh_token.is_none() && !self.lives_by_id_token && left >= min_ttl,
            Freshness::RenewalDue => false,
        }
    }

    /// Whether the token that the session is based on is good for at least `min_ttl`.
    pub fn is_good_for(&self, min_ttl: Duration, received: MonotonicReceipt, now: Instant) -> bool {
        matches!(self.freshness(received, now), Freshness::ValidFor(left) if left >= min_ttl)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECEIVED: Timestamp = Timestamp(1_700_000_000);

    fn hour_long() -> Credentials {
        Credentials {
            access_token: Some(Secret::new("access")),
            refresh_token: None,
            id_token: None,
            scope: None,
            received_at: RECEIVED,
            lifetime_seconds: 3600,
            lives_by_id_token: false,
            unchecked: false,
            proof_key: None,
            is_bound: false,
        }
    }

    fn at(wall_offset: i64, monotonic: u64) -> Instant {
        Instant {
            wall: RECEIVED.plus(wall_offset),
            monotonic: Duration::from_secs(monotonic),
        }
    }

    #[test]
    fn age_is_the_larger_of_what_both_clocks_say() {
        let received = Some(Duration::from_secs(50));
        let left = |now| hour_long().freshness(received, now);
        assert_eq!(left(at(600, 50)), Freshness::ValidFor(Duration::from_secs(3000)));
        assert_eq!(left(at(600, 1250)), Freshness::ValidFor(Duration::from_secs(2400)));
        assert_eq!(left(at(10, 50 + 3600)), Freshness::RenewalDue);
    }

    #[test]
    fn a_clock_set_back_before_receipt_means_renewal_where_that_can_be() {
        let hour = Duration::from_secs(3600);
        for set_back in [-1, -3600 * 24 * 365 * 30] {
            let now = at(set_back, 0);
            assert_eq!(hour_long().freshness(None, now), Freshness::Unclear(hour));
            let renewable = Credentials {
                refresh_token: Some(Secret::new("refresh")),
                ..hour_long()
            };
            for (credentials, is_last) in [(hour_long(), true), (renewable, false)] {
                assert_eq!(credentials.valid_access_token(Duration::ZERO, None, now), None);
                assert_eq!(credentials.is_own_good_for(hour, None, now), is_last);
            }
        }
        let received = Some(Duration::from_secs(50));
        assert_eq!(hour_long().freshness(received, at(-1, 3650)), Freshness::RenewalDue);
    }

    #[test]
    fn without_a_refresh_token_the_wall_clock_counts_only_where_no_other_is_known() {
        let renewable = Credentials {
            refresh_token: Some(Secret::new("refresh")),
            ..hour_long()
        };
        let of_lock = Credentials {
            id_token: Some(Secret::new("id")),
            lives_by_id_token: true,
            ..hour_long()
        };
        let received = Some(Duration::from_secs(50));
        for wall in [-1, 3600, i64::MAX - RECEIVED.0] {
            let now = at(wall, 650);
            for last in [hour_long(), of_lock.clone()] {
                let left = Duration::from_secs(3000);
                assert_eq!(last.own_freshness(received, now), Freshness::ValidFor(left));
                assert_eq!(last.own_freshness(received, at(wall, 3650)), Freshness::RenewalDue);
                assert!(last.is_own_good_for(left, received, now));
                assert_eq!(last.own_freshness(None, now), last.freshness(None, now));
            }
            assert!(!renewable.is_own_good_for(Duration::ZERO, received, now));
        }
    }

    #[test]
    fn a_clock_years_ahead_means_renewal_and_does_not_overflow() {
        assert_eq!(
            hour_long().freshness(None, at(i64::MAX - RECEIVED.0, 0)),
            Freshness::RenewalDue
        );
        let ages = Credentials {
            lifetime_seconds: Credentials::lifetime_for(Some(u64::MAX)),
            ..hour_long()
        };
        assert_eq!(ages.expires_at(), RECEIVED.plus(10 * 365 * 24 * 3600));
    }

    #[test]
    fn min_ttl_asks_for_what_is_left() {
        let token = |min_ttl| {
            hour_long()
                .valid_access_token(Duration::from_secs(min_ttl), None, at(3000, 0))
                .cloned()
        };
        assert!(token(600).is_some());
        assert!(token(601).is_none());
    }

    #[test]
    fn a_session_that_lives_by_its_id_token_needs_no_access_token() {
        let lock = |id_token: Option<&str>| Credentials {
            access_token: None,
            id_token: id_token.map(Secret::new),
            lives_by_id_token: true,
            ..hour_long()
        };
        let left = Freshness::ValidFor(Duration::from_secs(3000));
        assert_eq!(lock(Some("id")).freshness(None, at(600, 0)), left);
        assert_eq!(lock(None).freshness(None, at(600, 0)), Freshness::RenewalDue);
        assert_eq!(
            lock(Some("id")).valid_access_token(Duration::ZERO, None, at(600, 0)),
            None
        );
    }

    #[test]
    fn an_id_tokens_lifetime_counts_by_the_servers_clock_where_that_can_be() {
        let lifetime =
            |server_now| Credentials::lifetime_of_id_token(RECEIVED, RECEIVED.plus(3600), RECEIVED.plus(server_now));
        assert_eq!(lifetime(600), 3000);
        assert_eq!(lifetime(-600), 3600);
        assert_eq!(lifetime(7200), 3600);
        assert_eq!(
            Credentials::lifetime_of_id_token(RECEIVED, RECEIVED.plus(-5), RECEIVED),
            0
        );
    }

    #[test]
    fn a_lifetime_of_zero_is_never_valid() {
        let spent = Credentials {
            lifetime_seconds: 0,
            ..hour_long()
        };
        assert_eq!(spent.freshness(None, at(0, 0)), Freshness::RenewalDue);
    }
}
