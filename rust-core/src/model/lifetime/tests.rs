use super::*;

const SIGNED_IN: Timestamp = Timestamp(1_700_000_000);
const BOOTED: u64 = 50;
const HOUR: u64 = 3600;

fn at(wall: i64, monotonic: u64) -> Instant {
    Instant {
        wall: SIGNED_IN.plus(wall),
        monotonic: Duration::from_secs(BOOTED + monotonic),
    }
}

fn begun() -> Lifetime {
    Lifetime::begun(SIGNED_IN, Some(Duration::from_secs(BOOTED)))
}

fn restored() -> Lifetime {
    Lifetime {
        counted_from: None,
        ..begun()
    }
}

fn left(lifetime: &Lifetime, absolute: Option<u64>, idle: Option<u64>, now: Instant) -> Option<(u64, bool)> {
    let limits = LifetimeLimits {
        absolute: absolute.map(Duration::from_secs),
        idle: idle.map(Duration::from_secs),
        ..LifetimeLimits::default()
    };
    let end = lifetime.end(limits, now)?;
    let is_idle = end.reason == ReauthenticationReason::IdleTooLong;
    Some((end.left.as_secs(), is_idle))
}

#[test]
fn in_one_process_the_clock_counts_that_nobody_can_set() {
    for wall in [-1_000_000, 0, 600, 1_000_000_000, i64::MAX - SIGNED_IN.0] {
        assert_eq!(begun().age(at(wall, 600)), Duration::from_secs(600), "{wall}");
    }
}

#[test]
fn after_a_restart_the_wall_clock_counts_and_makes_nothing_younger() {
    let aged = Lifetime {
        age_seconds: 600,
        ..restored()
    };
    for (wall, age) in [(-1_000_000, 600), (0, 600), (60, 660), (1_000_000, 1_000_600)] {
        assert_eq!(aged.age(at(wall, 7)), Duration::from_secs(age), "{wall}");
    }
}

/// Each step is a wall clock's reading; `true` where the process has just been started.
#[test]
fn a_clock_that_is_put_right_lets_no_time_pass() {
    const YEAR: i64 = 365 * 24 * 3600;
    for steps in [
        &[(-YEAR, true), (200, true)][..],
        &[(-YEAR, false), (200, true)],
        &[(-YEAR, true), (-YEAR + 100, true), (200, true)],
        &[(-YEAR, true), (200, false)],
        &[(-YEAR, false), (200, false)],
        &[(YEAR, false), (200, true)],
        &[(YEAR, false), (-YEAR, true), (200, true)],
    ] {
        let mut lifetime = begun();
        for (monotonic, &(wall, is_new)) in (100..).step_by(100).zip(steps) {
            if is_new {
                lifetime.counted_from = None;
            }
            lifetime.count_to(at(wall, monotonic));
            assert_eq!(lifetime.sign_in(), begun().sign_in(), "{steps:?}");
        }
        assert!(lifetime.age_seconds <= 300, "{steps:?}: {}", lifetime.age_seconds);
        // After that it counts as ever.
        let age = lifetime.age_seconds;
        lifetime.counted_from = None;
        assert_eq!(lifetime.age(at(1200, 0)), Duration::from_secs(age + 1000), "{steps:?}");
    }
}

#[test]
fn a_session_that_began_elsewhere_has_its_age_and_is_used_now() {
    let now = at(600, 600);
    let lifetime = Lifetime::begun_before(500, now);
    assert_eq!(lifetime.age(now), Duration::from_secs(500));
    assert_eq!(left(&lifetime, Some(HOUR), None, now), Some((HOUR - 500, false)));
    assert_eq!(left(&lifetime, None, Some(60), now), Some((60, true)));
    assert!(!lifetime.is_new_use(now) && lifetime.is_new_use(at(601, 601)));
    assert_eq!(Lifetime::begun_before(0, now), Lifetime::begun(now.wall, None));
}

/// The clock was ahead by days when the session was taken over, and is right again.
#[test]
fn a_use_by_a_clock_that_was_ahead_counts_until_the_next_use() {
    let mut lifetime = Lifetime::begun_before(500_000, at(500_000, 10));
    lifetime.counted_from = None;
    let now = at(600, 600);
    assert_eq!(lifetime.age(now), Duration::from_secs(600));
    assert_eq!(left(&lifetime, Some(HOUR), Some(60), now), Some((60, true)));
    assert!(lifetime.is_new_use(now) && lifetime.note_use(Duration::from_secs(60), now));
    assert_eq!(left(&lifetime, None, Some(60), at(650, 650)), Some((10, true)));
}

#[test]
fn counting_to_now_loses_no_part_of_a_second() {
    let mut lifetime = begun();
    for tenths in 1..=100 {
        let monotonic = Duration::from_secs(BOOTED) + Duration::from_millis(100) * tenths;
        let now = Instant { monotonic, ..at(0, 0) };
        lifetime.count_to(now);
        assert_eq!(lifetime.age(now), Duration::from_millis(100) * tenths);
    }
    assert_eq!(lifetime.age_seconds, 10);
}

/// For processes that live for less than a second, such as a widget's: the stored age matches the session's age.
#[test]
fn restarts_make_no_session_younger() {
    for (pause, life) in [(0, 300), (100, 900), (900, 700), (1, 999)] {
        let mut lifetime = begun();
        let mut passed = Duration::ZERO;
        let at = |passed: Duration| Instant {
            wall: SIGNED_IN.plus(i64::try_from(passed.as_secs()).unwrap()),
            monotonic: Duration::from_secs(BOOTED) + passed,
        };
        for restart in 0..1000 {
            lifetime.counted_from = None;
            passed += Duration::from_millis(pause);
            lifetime.count_to(at(passed));
            passed += Duration::from_millis(life);
            lifetime.count_to(at(passed));
            let off = lifetime.age(at(passed)).abs_diff(passed);
            assert!(off < Duration::from_secs(1), "{pause} {life}: {off:?} after {restart}");
        }
    }
}

#[test]
fn the_first_end_counts() {
    let lifetime = Lifetime {
        used_seconds: HOUR,
        ..begun()
    };
    let now = at(0, HOUR);
    assert_eq!(left(&lifetime, None, None, now), None);
    assert_eq!(left(&lifetime, Some(8 * HOUR), None, now), Some((7 * HOUR, false)));
    assert_eq!(left(&lifetime, Some(8 * HOUR), Some(HOUR), now), Some((HOUR, true)));
    assert_eq!(left(&lifetime, Some(HOUR), Some(HOUR), now), Some((0, false)));
    assert_eq!(
        left(&lifetime, Some(u64::MAX), Some(u64::MAX), now).map(|end| end.1),
        Some(false)
    );
}

#[test]
fn of_two_versions_the_earlier_sign_in_and_the_later_use_count() {
    let ours = begun();
    let theirs = Lifetime {
        age_seconds: 100,
        as_of: SIGNED_IN.plus(40),
        clock_offset_seconds: 0,
        counted_from: None,
        used_seconds: 90,
        ends_seconds: None,
        stored_use_seconds: 90,
    };
    let mut merged = ours.clone();
    merged.merge(&theirs);
    assert_eq!(merged, theirs, "their clock was set back meanwhile");
    let mut merged = theirs;
    merged.merge(&Lifetime {
        used_seconds: 95,
        ..ours
    });
    assert_eq!((merged.age_seconds, merged.used_seconds), (100, 95));
    let mut merged = begun();
    let later = SIGNED_IN.plus(1000);
    merged.merge(&Lifetime::begun(later, None));
    assert_eq!(merged, begun());
}
