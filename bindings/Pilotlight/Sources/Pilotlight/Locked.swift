import Foundation

#if canImport(os)
import os
#endif

/// A value protected by a lock. The lock is never held across an `await`, because `withLock` takes no asynchronous closure.
final class Locked<Value: Sendable>: @unchecked Sendable {
    #if canImport(os)
    private typealias Lock = os_unfair_lock
    #else
    private typealias Lock = pthread_mutex_t
    #endif

    // Allocated, because the address of a lock must not change. NSLock, a separate object, takes twice as long.
    private let lock = UnsafeMutablePointer<Lock>.allocate(capacity: 1)
    private var value: Value

    init(_ value: Value) {
        self.value = value
        lock.initialize(to: Lock())
        #if !canImport(os)
        pthread_mutex_init(lock, nil)
        #endif
    }

    deinit {
        #if !canImport(os)
        pthread_mutex_destroy(lock)
        #endif
        lock.deinitialize(count: 1)
        lock.deallocate()
    }

    @inline(__always)
    func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        #if canImport(os)
        os_unfair_lock_lock(lock)
        defer { os_unfair_lock_unlock(lock) }
        #else
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        #endif
        return try body(&value)
    }
}
