//! Endpoints that refuse every token, even a fresh one. For a while no token is renewed for them.

use std::time::Duration;

use crate::model::time::Instant;

/// How long no token is renewed for an endpoint at first. The time doubles with each fresh token that is refused.
const FIRST: Duration = Duration::from_secs(30);
const LONGEST: Duration = Duration::from_secs(16 * 60);

/// How many endpoints are remembered; the oldest refusals are forgotten first.
const MOST: usize = 64;

/// The endpoints that refused a fresh token.
#[derive(Debug)]
pub struct RefusedTokens<E>(Vec<Refusal<E>>);

#[derive(Debug)]
struct Refusal<E> {
    endpoint: E,
    since: Instant,
    lasts: Duration,
}

impl<E> Default for RefusedTokens<E> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<E: PartialEq> RefusedTokens<E> {
    /// Whether a fresh token may help after this endpoint refused one.
    pub fn may_renew(&self, endpoint: &E, now: Instant) -> bool {
        let mut refusals = self.0.iter();
        refusals.all(|refusal| refusal.endpoint != *endpoint || now.since(refusal.since) >= refusal.lasts)
    }

    /// Notes whether the endpoint refused a fresh token as well.
    pub fn note_fresh(&mut self, endpoint: E, is_refused: bool, now: Instant) {
        let known = self.0.iter().position(|refusal| refusal.endpoint == endpoint);
        let before = known.map(|place| self.0.remove(place).lasts);
        if is_refused {
            if self.0.len() >= MOST {
                self.0.remove(0);
            }
            self.0.push(Refusal {
                endpoint,
                since: now,
                lasts: before.map_or(FIRST, |lasts| (2 * lasts).min(LONGEST)),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::Timestamp;
    use crate::protocol::endpoint::Endpoint;

    fn at(seconds: u64) -> Instant {
        Instant {
            wall: Timestamp(1_700_000_000),
            monotonic: Duration::from_secs(seconds),
        }
    }

    #[test]
    fn the_waits_grow_and_end_with_the_first_token_that_is_accepted() {
        let (endpoint, other) = (Endpoint::TOKEN, Endpoint::AUTHORIZATION);
        let mut refusals = RefusedTokens::default();
        assert!(refusals.may_renew(&endpoint, at(0)));
        let mut now = 0;
        for lasts in [30, 60, 120, 240, 480, 960, 960] {
            refusals.note_fresh(endpoint, true, at(now));
            assert!(!refusals.may_renew(&endpoint, at(now + lasts - 1)), "{lasts}");
            assert!(refusals.may_renew(&other, at(now)));
            now += lasts;
            assert!(refusals.may_renew(&endpoint, at(now)), "{lasts}");
        }
        refusals.note_fresh(endpoint, false, at(now));
        refusals.note_fresh(endpoint, true, at(now));
        assert!(refusals.may_renew(&endpoint, at(now + 30)));
    }

    #[test]
    fn they_are_bounded() {
        let mut refusals = RefusedTokens::default();
        for endpoint in 0..MOST + 5 {
            refusals.note_fresh(endpoint, true, at(0));
        }
        assert_eq!(refusals.0.len(), MOST);
        assert!(!refusals.may_renew(&(MOST + 4), at(1)));
    }
}
