//! How long Swift may reuse its copy of the access token's text without asking the core.
//!
//! Asking the core costs more than everything else: a handle, a lock, two clocks. Therefore the core says once how long
//! the token is good, and in which epoch of the session. After that Swift compares a counter and a clock, with one
//! cheap call.
#![allow(unsafe_code, reason = "a C function that reads a counter behind a pointer")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::adapters::system::steady_nanoseconds;
use crate::session::SessionManager;

/// How long a text may be reused without asking. Times are in nanoseconds, by the clock that continues while the device
/// sleeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct TokenLease {
    /// The epoch of the session in which the lease is valid.
    pub epoch: u64,
    /// When the token expires.
    pub expires: u64,
    /// When to ask again, whatever the token's age.
    pub ends: u64,
}

impl TokenLease {
    pub(super) fn of(manager: &SessionManager) -> Option<Self> {
        // Read before the session reads the clocks, so that the lease is too short rather than too long.
        let now = steady_nanoseconds();
        let (epoch, lease) = manager.access_token_lease()?;
        let after = |time: Duration| now.saturating_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
        Some(Self {
            epoch,
            expires: after(lease.left),
            ends: after(lease.ends_in),
        })
    }
}

pub(super) fn address_of(epoch: &AtomicU64) -> u64 {
    // A number, because UniFFI has no pointers.
    std::ptr::from_ref(epoch).expose_provenance() as u64
}

/// Whether the epoch is still `known`, and the clock has not reached `deadline`.
///
/// # Safety
/// `epoch` comes from `epoch_address`, and the session that it belongs to still exists.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pilotlight_is_current(epoch: *const AtomicU64, known: u64, deadline: u64) -> bool {
    // SAFETY: the caller guarantees that the counter exists, and it is only ever changed atomically.
    let epoch = unsafe { &*epoch };
    epoch.load(Ordering::Acquire) == known && steady_nanoseconds() < deadline
}

/// The current epoch.
///
/// # Safety
/// As for [`pilotlight_is_current`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pilotlight_epoch(epoch: *const AtomicU64) -> u64 {
    // SAFETY: as for `pilotlight_is_current`.
    unsafe { &*epoch }.load(Ordering::Acquire)
}

/// The nanoseconds of the clock that continues while the device sleeps and that cannot be set.
#[unsafe(no_mangle)]
pub extern "C" fn pilotlight_steady_nanoseconds() -> u64 {
    steady_nanoseconds()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_current(epoch: &AtomicU64, known: u64, deadline: u64) -> bool {
        // SAFETY: the counter outlives the call.
        unsafe { pilotlight_is_current(epoch, known, deadline) }
    }

    #[test]
    fn an_epoch_that_has_passed_and_a_deadline_that_has_come_end_a_lease() {
        let epoch = AtomicU64::new(7);
        let now = steady_nanoseconds();
        let later = now + 3_600_000_000_000;
        assert!(is_current(&epoch, 7, later));
        assert!(!is_current(&epoch, 7, now));
        assert!(!is_current(&epoch, 6, later));
        epoch.fetch_add(1, Ordering::Release);
        assert!(!is_current(&epoch, 7, later));
    }
}
