import Foundation
import IdentityServerSupport
import Pilotlight
import Testing

/// The measurements that an app's recorder gets, and the counters.
@Suite struct MetricsTests {
    private final class Recorder: SessionMetricsRecorder {
        private let (stream, continuation) = AsyncStream.makeStream(of: SessionMeasurement.self)

        func record(_ measurement: SessionMeasurement) {
            continuation.yield(measurement)
        }

        /// The measurements until the end of a renewal.
        func untilRenewal() async -> [SessionMeasurement] {
            var found: [SessionMeasurement] = []
            for await measurement in stream {
                found.append(measurement)
                if measurement.name == "pilotlight.renewal" { break }
            }
            return found
        }
    }

    @Test func aRenewalAndItsRequestAreRecordedAndTokensFromMemoryAreCounted() async throws {
        let server = try await IdentityServer.start()
        let recorder = Recorder()
        let session = try Session(server.auth0(), storage: .inMemory, log: .none, metrics: recorder)
        try await session.signIn(using: TestBrowser())
        let before = session.counters
        _ = try await session.accessToken(forceRefresh: true)
        let recorded = await recorder.untilRenewal()
        let renewal = try #require(recorded.last)
        #expect(renewal.operation == .renewal(ofFurtherAudience: false, attempts: 1))
        #expect(renewal.attributes == ["result": "succeeded", "audience": "own", "attempts": "1"])
        #expect(renewal.duration > 0)
        let request = try #require(recorded.last { $0.name == "pilotlight.request" })
        #expect(request.operation == .request(endpoint: "token endpoint", status: 200))
        #expect(request.duration <= renewal.duration)

        for _ in 0..<5 { _ = try await session.accessToken() }
        #expect(session.cachedAccessToken(minTTL: 1e9) == nil)
        let after = session.counters
        #expect(after.tokensFromMemory == before.tokensFromMemory + 5)
        #expect(after.renewals == before.renewals + 1)
        #expect(after.requests == before.requests + 1)
        #expect(after.lostMeasurements == 0)
        await server.stop()
    }

    @Test func callersThatWaitTogetherAreCountedOneByOne() async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession()
        try await server.addFault("token", ["kind": "hold"])
        let before = session.counters
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 { group.addTask { _ = try await session.accessToken(minTTL: 1e9, allowExpired: true) } }
            try await server.waitUntilHeld("token")
            while session.counters.sharedRenewals - before.sharedRenewals < 19 { await Task.yield() }
            try await server.release("token")
            // No token is valid for that long, so the results do not matter: the test counts the callers that waited.
            while let result = await group.nextResult() { _ = result }
        }
        #expect(session.counters.sharedRenewals - before.sharedRenewals == 19)
        #expect(session.counters.renewals - before.renewals == 1)
        await server.stop()
    }
}
