//! Objective-C's autorelease pools: what Apple's frameworks release "later" is released when the pool ends. A thread that
//! never ends has no end either, so each piece of work that calls them gets a pool.

/// Runs `work` in a pool.
#[cfg(target_vendor = "apple")]
pub(super) fn in_pool<T>(work: impl FnOnce() -> T) -> T {
    objc2::rc::autoreleasepool(|_| work())
}

/// There is no Objective-C.
#[cfg(not(target_vendor = "apple"))]
pub(super) fn in_pool<T>(work: impl FnOnce() -> T) -> T {
    work()
}
