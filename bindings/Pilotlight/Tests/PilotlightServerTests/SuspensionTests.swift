import Foundation
import IdentityServerSupport
import Testing

@testable import Pilotlight

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

@Suite struct SuspensionTests {
    /// The real core with its real lock, and a system that suspends the process while a renewal waits for its answer.
    @Test func aSuspendedRenewalHoldsNoLockAndIsStoredAfterwards() async throws {
        let server = try await IdentityServer.start()
        let folder = try TemporaryFolder()
        let system = OneActivity()
        let session = try Session(
            server.auth0(), storage: folder.store("session"), name: "default", readOnly: false, log: .none,
            dependencies: Dependencies(activities: system))
        try await session.signIn(using: TestBrowser())
        #expect(try heldLocks(in: folder).isEmpty)

        try await server.addFault("token", ["kind": "hold"])
        let renewal = Task { try await session.accessToken(forceRefresh: true) }
        try await server.waitUntilHeld("token")
        #expect(try heldLocks(in: folder).count == 1)
        system.expire()
        #expect(try heldLocks(in: folder).isEmpty)

        try await server.release("token")
        let token = try await renewal.value
        let next = try Session(server.auth0(), storage: folder.store("session", process: 1), log: .none)
        try await next.restore()
        #expect(next.cachedAccessToken() == token)
        await server.stop()
    }

    /// Like a background refresh or a silent push to which iOS grants no time.
    @Test func aCallForWhichThereIsNoTimeTakesNoLockAndSaysSo() async throws {
        let server = try await IdentityServer.start()
        let folder = try TemporaryFolder()
        let system = OneActivity()
        let dependencies = Dependencies(activities: system)
        let shared = try Session(
            server.auth0(), storage: folder.store("session"), name: "default", readOnly: false, log: .none,
            dependencies: dependencies)
        let own = try Session(
            server.auth0(), storage: .inMemory, name: "default", readOnly: false, log: .none,
            dependencies: dependencies)
        for session in [shared, own] { try await session.signIn(using: TestBrowser()) }

        system.refuse()
        let renewals = try await server.counter("refresh_grants")
        do {
            _ = try await shared.accessToken(forceRefresh: true)
            Issue.record("renewed without time")
        } catch SessionError.temporarilyUnavailable(reason: .noBackgroundTime, retryAfter: _, message: _) {}
        #expect(try heldLocks(in: folder).isEmpty)
        #expect(try await server.counter("refresh_grants") == renewals)
        // No other process uses this session.
        _ = try await own.accessToken(forceRefresh: true)

        system.grant()
        _ = try await shared.accessToken(forceRefresh: true)
        await server.stop()
    }

    /// The locks that are held. Opening the files again tries each lock as another process would.
    private func heldLocks(in folder: TemporaryFolder) throws -> [URL] {
        let files = try FileManager.default.contentsOfDirectory(at: folder.url, includingPropertiesForKeys: nil)
        return try files.filter { $0.pathExtension == "lock" }.filter { lock in
            let file = open(lock.path, O_RDWR)
            guard file >= 0 else { throw SupportError("\(lock.path) cannot be opened") }
            defer { close(file) }
            return flock(file, LOCK_EX | LOCK_NB) != 0
        }
    }
}

/// Grants time unless it is set to refuse, and ends it on demand.
private final class OneActivity: ExpiringActivities {
    private let last = Locked<(@Sendable (Bool) -> Void)?>(nil)
    private let refuses = Locked(false)

    func perform(reason: String, _ body: @escaping @Sendable (_ expired: Bool) -> Void) {
        last.withLock { $0 = body }
        let expired = refuses.withLock { $0 }
        Thread.detachNewThread { body(expired) }
    }

    func refuse() {
        refuses.withLock { $0 = true }
    }

    func grant() {
        refuses.withLock { $0 = false }
    }

    func expire() {
        last.withLock { $0 }?(true)
    }
}
