import Foundation
import Testing

@testable import Pilotlight

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// A policy about the user on this device covers every member that returns a token or user data, in all types that wrap a
/// session.
///
/// Each public member of these types is either tested here or listed as disclosing nothing. So a new member makes
/// ``eachMemberIsKnown()`` fail until one of the two is done.
@Suite struct PolicyCoverageTests {
    private let user = ScriptedAuthenticator()
    private let session: Session
    private static let refused = SessionError.userAuthenticationFailed(reason: .cancelled, message: "no")
    private static let api = TokenAudience("https://api.example.com/")

    private typealias Asking = @Sendable () async throws -> Void
    private typealias InMemory = @MainActor () -> Bool

    init() {
        session = .preview(behind: AuthenticationGate(.atLaunch(reason: "r", authenticator: user)))
    }

    /// Calls that ask the user first.
    private func asking() throws -> [String: Asking] {
        let session = session
        let url = try #require(URL(string: "https://api.example.com/"))
        let request = URLRequest(url: url)
        let hint = LogoutOptions(sendsIDTokenHint: true)
        return [
            "Session.accessToken(minTTL:forceRefresh:allowExpired:)": {
                _ = try await session.accessToken(minTTL: 1, isolation: nil)
            },
            "Session.accessToken(minTTL:forceRefresh:allowExpired:isolation:)": {
                _ = try await session.accessToken(forceRefresh: true)
            },
            "Session.accessToken(for:minTTL:forceRefresh:allowExpired:)": {
                _ = try await session.accessToken(for: Self.api)
            },
            "Session.exchange(for:type:actor:resource:parameters:minTTL:forceRefresh:allowExpired:)": {
                _ = try await session.exchange(for: Self.api)
            },
            "Session.refresh(scopes:parameters:)": { try await session.refresh() },
            "Session.authorized(_:)": { _ = try await session.authorized(url, isolation: nil) },
            "Session.authorized(_:isolation:)": { _ = try await session.authorized(url) },
            "Session.authorized(_:minTTL:forceRefresh:)": {
                _ = try await session.authorized(request, minTTL: 1, isolation: nil)
            },
            "Session.authorized(_:minTTL:forceRefresh:isolation:)": { _ = try await session.authorized(request) },
            "Session.authorized(_:for:minTTL:forceRefresh:)": {
                _ = try await session.authorized(request, for: Self.api)
            },
            "Session.authorizationHeaders(for:audience:minTTL:)": {
                _ = try await session.authorizationHeaders(for: request)
            },
            "Session.data(for:audience:minTTL:using:)": { _ = try await session.data(for: request) },
            "Session.profile(refresh:)": { _ = try await session.profile() },
            "Session.profile(maxAge:allowStale:)": { _ = try await session.profile(maxAge: 60) },
            "Session.fetchUser(fields:include:)": { _ = try await session.fetchUser() },
            "Session.sessionTransfer()": { _ = try await session.sessionTransfer() },
            "Session.deviceSSOToken(secretType:)": { _ = try await session.deviceSSOToken() },
            "Session.logoutURL(returnTo:options:)": { _ = try await session.logoutURL(options: hint) },
            "LegacyAuth0.idToken(minTTL:)": { _ = try await session.legacy.idToken() },
            "LegacyAuth0.delegate(apiType:target:scopes:parameters:grant:)": {
                _ = try await session.legacy.delegate(apiType: "aws")
            },
            "LegacyAuth0.tokenInfo(idToken:)": { _ = try await session.legacy.tokenInfo() },
        ]
    }

    private func askingMetadata() -> [String: Asking] {
        let metadata = session.metadata
        let change: [String: SessionJSON] = ["a": 2]
        return [
            "SessionMetadata.get(_:)": { _ = try await metadata.get() },
            "SessionMetadata.get(excluding:)": { _ = try await metadata.get(excluding: ["b"]) },
            "SessionMetadata.get(as:)": { _ = try await metadata.get(as: [String: Int].self) },
            "SessionMetadata.update(_:)": { _ = try await metadata.update(change) },
            "SessionMetadata.update(encoding:)": { _ = try await metadata.update(encoding: ["a": 2]) },
            "SessionMetadata.replace(with:)": { _ = try await metadata.replace(with: change) },
            "SessionMetadata.replace(encoding:)": { _ = try await metadata.replace(encoding: ["a": 2]) },
            "SessionMetadata.merge(_:)": { _ = try await metadata.merge(change) },
            "SessionMetadata.merge(encoding:)": { _ = try await metadata.merge(encoding: ["a": 2]) },
            "SessionMetadata.remove(_:)": { _ = try await metadata.remove(["a"]) },
            "SessionMetadata.removeAll()": { try await metadata.removeAll() },
            "SessionMetadata.updateOrWait(_:)": { _ = try await metadata.updateOrWait(change) },
            "SessionMetadata.updateOrWait(encoding:)": { _ = try await metadata.updateOrWait(encoding: ["a": 2]) },
            "SessionMetadata.flush()": { _ = try await metadata.flush() },
            "SessionMetadata.cancel(_:)": { _ = try await metadata.cancel(1) },
        ]
    }

    private func askingWithHandlers() throws -> [String: Asking] {
        let (session, old) = (session, PLTSession(session))
        let request = URLRequest(url: try #require(URL(string: "https://api.example.com/")))
        return [
            "Session.accessToken(minTTL:forceRefresh:completion:)": {
                try await Self.answer { session.accessToken(completion: $0) }
            },
            "Session.authorized(_:completion:)": {
                try await Self.answer { session.authorized(request, completion: $0) }
            },
            "Session.data(for:audience:completion:)": {
                try await Self.answer { session.data(for: request, completion: $0) }
            },
            "Session.profile(refresh:completion:)": { try await Self.answer { session.profile(completion: $0) } },
            "Session.fetchMetadata(completion:)": { try await Self.answer { session.fetchMetadata(completion: $0) } },
            "Session.updateMetadata(_:completion:)": {
                try await Self.answer { session.updateMetadata(["a": 2], completion: $0) }
            },
            "PLTSession.accessToken(completion:)": {
                try await Self.error { done in old.accessToken { _, error in done(error) } }
            },
            "PLTSession.authorized(_:completion:)": {
                try await Self.error { done in old.authorized(request) { _, error in done(error) } }
            },
            "PLTSession.data(for:completion:)": {
                try await Self.error { done in old.data(for: request) { _, _, error in done(error) } }
            },
            "PLTSession.profile(completion:)": {
                try await Self.error { done in old.profile { _, error in done(error) } }
            },
            "PLTSession.metadata(completion:)": {
                try await Self.error { done in old.metadata { _, error in done(error) } }
            },
            "PLTSession.updateMetadata(_:completion:)": {
                try await Self.error { done in old.updateMetadata(["a": 2]) { _, error in done(error) } }
            },
        ]
    }

    /// Members that read memory, and disclose nothing until the user was asked.
    @MainActor private func inMemory() async -> [String: InMemory] {
        let (session, old) = (session, PLTSession(session))
        var ways: [String: InMemory] = [
            "Session.cachedAccessToken(minTTL:)": { session.cachedAccessToken() != nil },
            "Session.cachedProfile": { session.cachedProfile != nil },
            "PLTSession.cachedAccessToken": { old.cachedAccessToken != nil },
            "PLTSession.cachedProfile": { old.cachedProfile != nil },
        ]
        #if canImport(Observation)
        if #available(iOS 17, macOS 14, *) {
            let model = SessionModel(session)
            await model.loadProfile()
            ways["SessionModel.profile"] = { model.profile != nil }
        }
        #endif
        #if canImport(Combine)
        let observable = ObservableSession(session)
        await observable.loadProfile()
        ways["ObservableSession.profile"] = { observable.profile != nil }
        #endif
        return ways
    }

    @Test func aUserWhoDoesNotAuthenticateGetsNothing() async throws {
        let ways = try asking().merging(askingMetadata()) { one, _ in one }
            .merging(askingWithHandlers()) { one, _ in one }
        user.fail(with: Self.refused)
        #expect(session.isUserAuthenticationRequired)
        for (name, way) in ways {
            await #expect(throws: Self.refused, "\(name)") { try await way() }
        }
        #expect(user.asked == ways.count)
        #expect(session.cachedAccessToken(for: Self.api) == nil)
        #expect(session.legacy.cachedIDToken() == nil)
        #expect(session.metadata.pending.isEmpty)
        // The session continues, and calls that disclose nothing do not need the user.
        #expect(session.state?.isSignedIn == true)
        #expect(try await session.restore().isSignedIn)
        #expect(user.asked == ways.count)
    }

    /// This includes what a screen had loaded before.
    @Test @MainActor func whatIsInMemoryIsNotGiven() async throws {
        try await session.authenticateUser()
        let ways = await inMemory()
        for (name, isGiven) in ways { #expect(isGiven(), "\(name)") }
        session.gates.close()
        for (name, isGiven) in ways { #expect(!isGiven(), "\(name)") }
    }

    @Test @MainActor func eachMemberIsKnown() async throws {
        let ways = try asking().merging(askingMetadata()) { one, _ in one }
            .merging(askingWithHandlers()) { one, _ in one }
        let known = Set(ways.keys).union(await inMemory().keys)
            .union(PublicMembers.triedElsewhere).union(PublicMembers.giveNothingOut)
        let found = try PublicMembers.ofSessions()
        #expect(found.subtracting(known) == [], "public, and not known to this test")
        #expect(known.subtracting(found) == [], "known to this test, and not public")
    }

    private static func answer<Value>(
        _ call: (@escaping Session.Completion<Value>) -> Task<Void, Never>
    ) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            _ = call { continuation.resume(with: $0.map { _ in () }) }
        }
    }

    private static func error(_ call: (@escaping @Sendable ((any Error)?) -> Void) -> Void) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            call { error in
                if let error { continuation.resume(throwing: error) } else { continuation.resume() }
            }
        }
    }
}
