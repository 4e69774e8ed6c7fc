use super::*;
use crate::model::time::Timestamp;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::transport_error::TransportError;

const NOW: Instant = Instant {
    wall: Timestamp(1_700_000_000),
    monotonic: Duration::from_secs(1_000_000),
};

/// By the monotonic clock alone: the wall clock has been set back in the meantime.
fn after(passed: Duration) -> Instant {
    Instant {
        wall: NOW.wall.plus(-1),
        monotonic: NOW.monotonic + passed,
    }
}

fn fault(retry_after: Option<u64>) -> Error {
    Error::ServerFault {
        server: Endpoint::TOKEN.into(),
        status: 503,
        retry_after,
    }
}

fn unreachable() -> Error {
    Error::Transport {
        server: Endpoint::TOKEN.into(),
        error: TransportError {
            kind: TransportErrorKind::Unreachable,
            may_have_been_processed: false,
        },
    }
}

fn unexpected() -> Error {
    Error::UnexpectedAnswer {
        server: Endpoint::TOKEN.into(),
        status: 400,
        problem: "made up".to_owned(),
    }
}

fn further(identifier: &str) -> RenewalKind {
    RenewalKind::Further(Audience {
        identifier: identifier.to_owned(),
        scopes: Vec::new(),
    })
}

#[test]
fn the_cooldown_after_a_failure_is_at_least_half_of_what_it_may_be_and_ends() {
    for (error, longest) in [
        (fault(None), LONGEST),
        (fault(Some(0)), LONGEST),
        (unreachable(), LONGEST_OFFLINE),
    ] {
        let mut cooldown = Cooldowns::default();
        for failure in 1..=40_u32 {
            let ceiling = longest.min(Duration::from_secs(2_u64.saturating_pow(failure)));
            cooldown.begin(&RenewalKind::Own, &error, NOW, u64::from(failure) * 7_777_777_777);
            let early = after(ceiling / 2 - Duration::from_nanos(1));
            assert!(cooldown.refusal(&RenewalKind::Own, early).is_some(), "{failure}");
            assert!(
                cooldown.refusal(&RenewalKind::Own, after(ceiling)).is_none(),
                "{failure}"
            );
        }
        cooldown.end(&RenewalKind::Own);
        assert_eq!(cooldown.refusal(&RenewalKind::Own, NOW), None);
    }
    let mut cooldown = Cooldowns::default();
    for error in [Error::Busy, Error::NoBackgroundTime, Error::NoSession, Error::ReadOnly] {
        cooldown.begin(&RenewalKind::Own, &error, NOW, 1);
        assert_eq!(
            cooldown.refusal(&RenewalKind::Own, NOW),
            None,
            "not the issuer's trouble"
        );
    }
}

#[test]
fn what_is_left_to_wait_is_given_in_whole_seconds() {
    let mut cooldown = Cooldowns::default();
    cooldown.begin(&RenewalKind::Own, &fault(Some(60)), NOW, 0);
    let refusal = |milliseconds| cooldown.refusal(&RenewalKind::Own, after(Duration::from_millis(milliseconds)));
    assert_eq!(refusal(100), Some(fault(Some(60))));
    assert_eq!(refusal(59_001), Some(fault(Some(1))));
    assert_eq!(refusal(60_000), None);
}

#[test]
fn it_ends_also_while_one_of_the_clocks_stands_still() {
    let mut cooldown = Cooldowns::default();
    cooldown.begin(&RenewalKind::Own, &fault(Some(60)), NOW, 0);
    let asleep = |seconds| Instant {
        wall: NOW.wall.plus(seconds),
        ..NOW
    };
    assert_eq!(cooldown.seconds_left(&RenewalKind::Own, asleep(59)), Some(1));
    assert_eq!(cooldown.seconds_left(&RenewalKind::Own, asleep(60)), None);
}

#[test]
fn a_failure_of_one_kind_is_not_the_others() {
    for error in [fault(Some(60)), unexpected()] {
        let mut cooldown = Cooldowns::default();
        cooldown.begin(&further("a"), &error, NOW, 0);
        assert!(cooldown.refusal(&further("a"), NOW).is_some());
        for other in [RenewalKind::Own, RenewalKind::WithOptions, further("b")] {
            assert_eq!(cooldown.refusal(&other, NOW), None, "{other:?}");
        }
    }
}

#[test]
fn an_issuer_that_cannot_be_reached_for_the_session_is_asked_for_nothing_else() {
    let mut cooldown = Cooldowns::default();
    cooldown.begin(&RenewalKind::Own, &fault(Some(60)), NOW, 0);
    assert!(cooldown.refusal(&further("a"), NOW).is_some());
    cooldown.begin(&RenewalKind::Own, &unexpected(), NOW, 0);
    assert_eq!(cooldown.refusal(&further("a"), NOW), None);
}

#[test]
fn not_more_kinds_are_known_than_can_be_kept() {
    let mut cooldown = Cooldowns::default();
    for number in 0..=MOST_KINDS {
        cooldown.begin(&further(&number.to_string()), &unexpected(), NOW, 0);
    }
    assert_eq!(cooldown.refusal(&further("0"), NOW), None);
    assert!(cooldown.refusal(&further("1"), NOW).is_some());
    assert_eq!(cooldown.renewals.len(), MOST_KINDS);
}

#[test]
fn a_token_that_is_too_short_lived_is_not_asked_for_again_at_once() {
    let mut cooldown = Cooldowns::default();
    cooldown.begin_short(&RenewalKind::Own, 20, NOW, 0);
    assert!(cooldown.is_short(&RenewalKind::Own, 20, NOW));
    assert!(!cooldown.is_short(&RenewalKind::Own, 3600, NOW), "another lifetime");
    assert!(!cooldown.is_short(&RenewalKind::Own, 20, after(LONGEST)));
    assert_eq!(cooldown.refusal(&RenewalKind::Own, NOW), None, "others may renew");
}

#[test]
fn an_attempt_that_fails_rests_unless_nobody_was_asked_or_only_the_network_is_missing() {
    for (attempt, error, rests) in [
        (Attempt::Revocation, fault(None), true),
        (Attempt::Revocation, unreachable(), false),
        (Attempt::Revocation, Error::NoSession, false),
        (Attempt::Update, fault(None), true),
        (Attempt::Update, unreachable(), false),
        (Attempt::Update, Error::Busy, false),
        (Attempt::Import, fault(None), true),
        (Attempt::Import, unreachable(), true),
        (Attempt::Import, Error::NoSession, false),
    ] {
        let mut cooldowns = Cooldowns::default();
        cooldowns.begin_attempt(attempt, &error, NOW, 0);
        assert_eq!(
            cooldowns.attempt_refusal(attempt, NOW).is_some(),
            rests,
            "{attempt:?} {error}"
        );
        let others = [Attempt::Revocation, Attempt::Update, Attempt::Import];
        for other in others.into_iter().filter(|other| *other != attempt) {
            assert_eq!(cooldowns.attempt_refusal(other, NOW), None);
        }
        cooldowns.end_attempt(attempt);
        assert_eq!(cooldowns.attempt_refusal(attempt, NOW), None, "it succeeded");
    }
}
