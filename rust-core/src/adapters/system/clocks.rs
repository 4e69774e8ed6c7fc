//! The two clocks. The steady clock cannot be set, and continues while the device sleeps: std's clock stops during
//! sleep on Apple systems and on Linux, so a cooldown of some minutes would still be there after a night. The wall
//! clock is read in whole seconds: every check of a token reads it, and std's reading costs more than the rest of the
//! check.
#![allow(unsafe_code, reason = "clock_gettime is a C interface")]

use std::time::Duration;

use crate::model::time::Timestamp;

/// Apple: "CLOCK_MONOTONIC_RAW: clock that increments monotonically, tracking the time since an arbitrary point", while
/// CLOCK_UPTIME_RAW "does not increment while the system is asleep" (clock_gettime(3)).
#[cfg(target_vendor = "apple")]
const STEADY: libc::clockid_t = libc::CLOCK_MONOTONIC_RAW;
/// "Identical to CLOCK_MONOTONIC, except that it also includes any time that the system is suspended" (clock_gettime(2)).
#[cfg(any(target_os = "linux", target_os = "android"))]
const STEADY: libc::clockid_t = libc::CLOCK_BOOTTIME;
#[cfg(not(any(target_vendor = "apple", target_os = "linux", target_os = "android")))]
const STEADY: libc::clockid_t = libc::CLOCK_MONOTONIC;

/// "A faster but less precise version of CLOCK_REALTIME" (clock_gettime(2)): it is some milliseconds behind, but only
/// whole seconds are read.
#[cfg(any(target_os = "linux", target_os = "android"))]
const WALL: libc::clockid_t = libc::CLOCK_REALTIME_COARSE;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const WALL: libc::clockid_t = libc::CLOCK_REALTIME;

/// The time since some moment before this process began, including sleep.
pub(super) fn reading() -> Duration {
    let time = read(STEADY);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// The same in nanoseconds, for callers that need speed. They suffice for 584 years.
pub fn nanoseconds() -> u64 {
    let time = read(STEADY);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    seconds
        .wrapping_mul(1_000_000_000)
        .wrapping_add(u64::try_from(time.tv_nsec).unwrap_or(0))
}

/// The time of the wall clock.
pub(super) fn wall() -> Timestamp {
    timestamp(read(WALL))
}

/// Rounds down, also before 1970, where a device may start after its battery was empty. The nanoseconds count forward
/// on both sides.
fn timestamp(time: libc::timespec) -> Timestamp {
    Timestamp(time.tv_sec)
}

fn read(clock: libc::clockid_t) -> libc::timespec {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is valid memory for one timespec. The call fails only for an unknown clock, which none of these
    // is, and then leaves the zeros.
    let _ = unsafe { libc::clock_gettime(clock, &raw mut time) };
    time
}

#[cfg(test)]
mod rounding {
    use super::*;

    fn at(tv_sec: libc::time_t, tv_nsec: libc::c_long) -> Timestamp {
        timestamp(libc::timespec { tv_sec, tv_nsec })
    }

    #[test]
    fn moments_round_down_on_both_sides_of_1970() {
        assert_eq!(at(0, 0), Timestamp(0));
        assert_eq!(at(1, 500_000_000), Timestamp(1));
        // 1.5 seconds and 2 seconds before 1970.
        assert_eq!(at(-2, 500_000_000), Timestamp(-2));
        assert_eq!(at(-2, 0), Timestamp(-2));
    }

    #[test]
    fn the_wall_shows_the_time_of_the_system() {
        let seconds = || {
            let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            i64::try_from(since_1970.unwrap().as_secs()).unwrap()
        };
        let (before, wall, after) = (seconds(), wall(), seconds());
        assert!((before - 1..=after).contains(&wall.0), "{wall:?}");
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::Command;

    use super::*;

    const DAYS_ASLEEP: u64 = 10 * 24 * 3600;

    /// A kernel that was asleep for ten days, simulated by a time namespace. If the user may not create one, the test
    /// checks nothing.
    #[test]
    fn it_counts_the_time_in_which_the_device_slept() {
        let child = ["--ignored", "--exact", "adapters::system::clocks::tests::child_reads"];
        let awake = reading();
        let outcome = Command::new("unshare")
            .args(["--time", "--boottime", &DAYS_ASLEEP.to_string(), "--fork", "--"])
            .arg(std::env::current_exe().unwrap())
            .args(child)
            .arg("--nocapture")
            .output();
        let Ok(output) = outcome else { return };
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let Some(asleep) = text.lines().find_map(|line| line.strip_prefix("reading: ")) else {
            assert!(!output.status.success(), "{text}");
            return;
        };
        let asleep: u64 = asleep.parse().unwrap();
        assert!(asleep >= awake.as_secs() + DAYS_ASLEEP, "{asleep} after {awake:?}");
    }

    #[test]
    #[ignore = "runs as another process of the test above"]
    fn child_reads() {
        println!("\nreading: {}", reading().as_secs());
    }
}
