//! The clock that nobody can set and that goes on while the device sleeps. std's stands still in sleep on Apple systems
//! and on Linux, and a cooldown of some minutes would still be there after a night.
#![allow(unsafe_code, reason = "clock_gettime is a C interface")]

use std::time::Duration;

/// Apple: "CLOCK_MONOTONIC_RAW: clock that increments monotonically, tracking the time since an arbitrary point", while
/// CLOCK_UPTIME_RAW "does not increment while the system is asleep" (clock_gettime(3)).
#[cfg(target_vendor = "apple")]
const CLOCK: libc::clockid_t = libc::CLOCK_MONOTONIC_RAW;
/// "Identical to CLOCK_MONOTONIC, except that it also includes any time that the system is suspended" (clock_gettime(2)).
#[cfg(any(target_os = "linux", target_os = "android"))]
const CLOCK: libc::clockid_t = libc::CLOCK_BOOTTIME;
#[cfg(not(any(target_vendor = "apple", target_os = "linux", target_os = "android")))]
const CLOCK: libc::clockid_t = libc::CLOCK_MONOTONIC;

/// The time since some moment before this process began, sleep included.
pub(super) fn reading() -> Duration {
    let time = timespec();
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// The same in nanoseconds, for a reader in a hurry. They suffice for 584 years.
pub fn nanoseconds() -> u64 {
    let time = timespec();
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    seconds
        .wrapping_mul(1_000_000_000)
        .wrapping_add(u64::try_from(time.tv_nsec).unwrap_or(0))
}

fn timespec() -> libc::timespec {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid place for one timespec. The call fails for an unknown clock only, which none of these is,
    // and leaves the zeros then.
    let _ = unsafe { libc::clock_gettime(CLOCK, &raw mut time) };
    time
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::Command;

    use super::*;

    const DAYS_ASLEEP: u64 = 10 * 24 * 3600;

    /// A kernel that was asleep for ten days, as a time namespace pretends it; where the user may not make one, there is
    /// nothing to see.
    #[test]
    fn it_counts_the_time_in_which_the_device_slept() {
        let child = ["--ignored", "--exact", "adapters::system::steady::tests::child_reads"];
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
