//! Objective-C's autorelease pools. What Apple's frameworks release "later" is released when the pool ends. The pool of
//! a thread ends with the thread; because some threads never end, each piece of work that calls the frameworks gets its
//! own pool.

/// Runs `work` in a pool.
#[cfg(target_vendor = "apple")]
pub(super) fn in_pool<T>(work: impl FnOnce() -> T) -> T {
    objc2::rc::autoreleasepool(|_| work())
}

/// Runs `work`: there is no Objective-C here.
#[cfg(not(target_vendor = "apple"))]
pub(super) fn in_pool<T>(work: impl FnOnce() -> T) -> T {
    work()
}
