public struct os_unfair_lock_s {
    public init() {}
}

public typealias os_unfair_lock = os_unfair_lock_s
public typealias os_unfair_lock_t = UnsafeMutablePointer<os_unfair_lock_s>

@available(*, noasync, message: "Use OSAllocatedUnfairLock.withLock() for async-safe scoped locking")
public func os_unfair_lock_lock(_ lock: os_unfair_lock_t) {}

@available(*, noasync, message: "Use OSAllocatedUnfairLock.withLock() for async-safe scoped locking")
public func os_unfair_lock_unlock(_ lock: os_unfair_lock_t) {}
