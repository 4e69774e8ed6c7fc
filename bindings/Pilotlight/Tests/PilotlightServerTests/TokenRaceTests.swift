import Foundation
import IdentityServerSupport
import Pilotlight
import Testing

/// Swift keeps a copy of the token. The core may invalidate it at any time, on any thread; a caller that has seen this must not
/// get the token. `scripts/swift.sh test --sanitize=thread --filter TokenRaceTests` runs these tests with ThreadSanitizer.
@Suite struct TokenRaceTests {
    @Test func whoHasSeenTheSignOutGetsNoToken() async throws {
        let server = try await IdentityServer.start()
        for _ in 0..<10 {
            let session = try await server.signedInSession()
            let reading = Locked(0)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask { await Self.readUntilSignedOut(session) { reading.change { $0 += 1 } } }
                }
                while reading.get() < 4 { await Task.yield() }
                _ = await session.signOut()
                #expect(session.cachedAccessToken() == nil)
                await #expect(throws: SessionError.self) { try await session.accessToken() }
                try await group.waitForAll()
            }
        }
        await server.stop()
    }

    /// Calls `begun` when it has read a token a hundred times.
    private static func readUntilSignedOut(_ session: Session, begun: () -> Void) async {
        var reads = 0
        while true {
            let state = session.state
            let token = session.cachedAccessToken()
            if state == .signedOut {
                #expect(token == nil, "the session was signed out before the token was asked for")
                return
            }
            if token != nil { reads += 1 }
            if reads == 100 { begun() }
            if reads.isMultiple(of: 100) { await Task.yield() }
        }
    }

    @Test func noTokenComesBackAfterANewerOne() async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession()
        let first = try await session.accessToken()
        let renewed = try await withThrowingTaskGroup(of: [String].self) { group in
            let last = Locked<String?>(nil)
            for _ in 0..<4 {
                group.addTask { try await Self.tokens(of: session, until: last) }
            }
            var renewed = [first]
            for _ in 0..<20 {
                let token = try await session.accessToken(forceRefresh: true)
                #expect(session.cachedAccessToken() == token)
                renewed.append(token)
            }
            last.change { $0 = renewed.last }
            for try await seen in group {
                // The tokens are in the order of the renewals, and none occurs twice; a reader may have missed some.
                let order = seen.compactMap { renewed.firstIndex(of: $0) }
                #expect(order.count == seen.count && order == order.sorted() && Set(order).count == order.count)
                #expect(order.last == renewed.count - 1)
            }
            return renewed
        }
        #expect(Set(renewed).count == 21)
        await server.stop()
    }

    /// The tokens that were read, each at its first occurrence after another one.
    private static func tokens(of session: Session, until last: Locked<String?>) async throws -> [String] {
        var seen: [String] = []
        var calls = 0
        while true {
            let end = last.get()
            // There is no token while a new one is being checked.
            if let token = session.cachedAccessToken(), token != seen.last { seen.append(token) }
            if let end, seen.last == end { return seen }
            calls += 1
            if calls.isMultiple(of: 100) { await Task.yield() }
        }
    }
}

private final class Locked<Value: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var value: Value

    init(_ value: Value) { self.value = value }
    func get() -> Value { lock.withLock { value } }
    func change(_ body: (inout Value) -> Void) { lock.withLock { body(&value) } }
}
