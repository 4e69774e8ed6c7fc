import Foundation
import PilotlightCore

@testable import Pilotlight

/// A core whose calls wait at a gate, and whose store may be locked.
final class ScriptedCore: CoreSessionProtocol {
    private struct Script: Sendable {
        var state: Pilotlight.SessionState?
        var stored: Pilotlight.SessionState
        var looks = 0
        var restores = 0
        var lock: [String] = []
        var attempts: UInt64 = 0
        var cancelled: [UInt64] = []
        var profile: SessionProfile?
        var profileVersion: UInt64 = 0
        var profileReads = 0
    }

    private let script: Locked<Script>
    private let work: @Sendable () async throws -> Void
    private let onRelease: @Sendable () -> Void
    private let onCachedToken: @Sendable () -> Void
    private let onBegin: @Sendable (UInt64) async -> Void

    /// - Parameters:
    ///   - state: As known in memory.
    ///   - stored: What the next `restore()` finds.
    ///   - onRelease: When the lock between processes is given back.
    ///   - onBegin: When a sign-in has begun and its caller does not know it yet.
    ///   - onCachedToken: When the text of the token in memory was read.
    ///   - work: What every call but `restore()` does.
    init(
        state: Pilotlight.SessionState? = .signedOut, stored: Pilotlight.SessionState = .signedOut,
        onRelease: @escaping @Sendable () -> Void = {}, onBegin: @escaping @Sendable (UInt64) async -> Void = { _ in },
        onCachedToken: @escaping @Sendable () -> Void = {}, work: @escaping @Sendable () async throws -> Void = {}
    ) {
        script = Locked(Script(state: state, stored: stored))
        self.onRelease = onRelease
        self.onBegin = onBegin
        self.onCachedToken = onCachedToken
        self.work = work
    }

    /// How often somebody looked at the state.
    var looks: Int { script.withLock { $0.looks } }
    var restores: Int { script.withLock { $0.restores } }
    /// What it was told of the lock between processes, in order.
    var lock: [String] { script.withLock { $0.lock } }
    /// How many sign-ins began, and which of them were cancelled.
    var attempts: UInt64 { script.withLock { $0.attempts } }
    var cancelled: [UInt64] { script.withLock { $0.cancelled } }

    /// How often the profile was carried over.
    var profileReads: Int { script.withLock { $0.profileReads } }

    /// Another profile is at hand.
    func put(_ profile: SessionProfile?) {
        script.withLock { script in
            script.profile = profile
            script.profileVersion = profile == nil ? 0 : UInt64(script.profileReads) + 1
        }
    }

    /// What the next `restore()` finds.
    func store(_ state: Pilotlight.SessionState) {
        script.withLock { $0.stored = state }
    }

    func session(_ dependencies: Dependencies) -> Session {
        let configuration = SessionConfiguration.openIDConnect(
            issuer: "https://scripted.invalid", clientID: "scripted", redirectURI: "scripted://callback")
        return Session(
            configuration: configuration, core: self, broadcaster: SessionBroadcaster(), dependencies: dependencies)
    }

    func state() -> PilotlightCore.SessionState? {
        script.withLock { script in
            script.looks += 1
            return script.state?.core
        }
    }

    func cachedAccessTokenVersion(minTtlSeconds: UInt32) -> UInt64 { 1 }

    func cachedAccessToken(minTtlSeconds: UInt32) -> String? {
        onCachedToken()
        return "cached"
    }

    func cachedAccessTokenFor(audience: String, scopes: [String], minTtlSeconds: UInt32) -> String? { "cached" }
    func hasValidSession(minTtlSeconds: UInt32) -> Bool { true }
    func cachedProfileVersion() -> UInt64 { script.withLock { $0.profileVersion } }
    func hasRefreshToken() -> Bool { true }
    func grantedScopes() -> [String]? { nil }
    func authenticatedAt() -> Date? { nil }

    func cachedProfile() -> PilotlightCore.UserProfile? {
        script.withLock { script in
            script.profileReads += 1
            return script.profile?.core
        }
    }

    func cancelSignIn() {}

    func cancelSignInAttempt(attempt: UInt64) {
        script.withLock { $0.cancelled.append(attempt) }
    }

    func releaseProcessLock() {
        script.withLock { $0.lock.append("released") }
        onRelease()
    }

    func postponeProcessLock() {
        script.withLock { $0.lock.append("postponed") }
    }

    func allowProcessLock() {
        script.withLock { $0.lock.append("allowed") }
    }

    func restore() async throws -> PilotlightCore.SessionState {
        script.withLock { script in
            script.restores += 1
            script.state = script.stored
            return script.stored.core
        }
    }

    func accessToken(minTtlSeconds: UInt32, forceRefresh: Bool, allowExpired: Bool) async throws -> String {
        try await work()
        return "renewed"
    }

    func accessTokenFor(
        audience: String, scopes: [String], minTtlSeconds: UInt32, forceRefresh: Bool, allowExpired: Bool
    ) async throws -> String {
        try await work()
        return "renewed"
    }

    func accessTokenOtherThan(refused: String, audience: String?, scopes: [String], minTtlSeconds: UInt32) async throws
        -> String
    {
        try await work()
        return "renewed"
    }

    func refresh(scopes: [String], parameters: [String: String]) async throws -> String {
        try await work()
        return "renewed"
    }

    func beginSignIn(options: PilotlightCore.SignInOptions) async throws -> SignInRequest {
        try await work()
        let attempt = script.withLock { script in
            script.attempts += 1
            return script.attempts
        }
        await onBegin(attempt)
        return SignInRequest(
            url: "https://scripted.invalid/authorize/\(attempt)", callbackScheme: "scripted", attempt: attempt)
    }

    func completeSignIn(callbackUrl: String) async throws -> PilotlightCore.SessionState {
        try await work()
        return .signedOut
    }

    func signOut() async throws -> PilotlightCore.SignOutOutcome {
        try await work()
        return .revoked
    }

    func importSession(source: PilotlightCore.ImportSource) async throws -> PilotlightCore.ImportOutcome {
        try await work()
        return .nothingFound
    }

    func discardImportedSession(source: PilotlightCore.ImportSource) async throws -> Bool {
        try await work()
        return false
    }

    func logoutUrl(returnTo: String?, federated: Bool) async throws -> String {
        try await work()
        return "https://scripted.invalid/logout"
    }

    func profile(refresh: Bool) async throws -> PilotlightCore.UserProfile {
        try await work()
        return SessionProfile.preview().core
    }

    func profileWithin(maxAgeSeconds: UInt32, allowStale: Bool) async throws -> PilotlightCore.UserProfile {
        try await work()
        return SessionProfile.preview().core
    }

    func fetchUser(fields: [String], include: Bool) async throws -> Claims {
        try await work()
        return "{}"
    }

    func fetchMetadata(keys: [String], include: Bool) async throws -> Claims {
        try await work()
        return "{}"
    }

    func updateMetadataOrQueue(patchJson: String) async throws -> UpdateOutcome {
        try await work()
        return .done(metadata: "{}")
    }

    func pendingMetadataUpdates() -> [PendingUpdate] { [] }

    func cancelMetadataUpdate(id: UInt64) async throws -> Bool {
        try await work()
        return false
    }

    func flushMetadataUpdates() async throws -> FlushReport {
        try await work()
        return FlushReport(applied: [], dropped: [], waiting: 0)
    }

    func replaceMetadata(metadataJson: String) async throws -> Claims {
        try await work()
        return "{}"
    }

    func mergeMetadata(changesJson: String) async throws -> Claims {
        try await work()
        return "{}"
    }

    func removeMetadata(keys: [String]) async throws -> Claims {
        try await work()
        return "{}"
    }

    func updateMetadata(patchJson: String) async throws -> Claims {
        try await work()
        return "{}"
    }

    func cachedIdToken(minTtlSeconds: UInt32) -> String? { nil }

    func idToken(minTtlSeconds: UInt32) async throws -> String {
        try await work()
        return "renewed"
    }

    func signInWithPassword(
        username: String, password: String, connection: String, device: String?, parameters: [String: String]
    ) async throws -> PilotlightCore.SessionState {
        try await work()
        return .signedOut
    }

    func delegate(
        apiType: String, target: String?, scopes: [String], parameters: [String: String], byRefreshToken: Bool
    ) async throws -> Claims {
        try await work()
        return "{}"
    }

    func tokenInfo(idToken: String?) async throws -> PilotlightCore.UserProfile {
        try await work()
        return SessionProfile.preview().core
    }
}

/// Where work waits until somebody opens it; tells when work has come there.
final class Gate: Sendable {
    private struct Waiting: Sendable {
        var isOpen = false
        var continuations: [CheckedContinuation<Void, Never>] = []
    }

    private let waiting = Locked(Waiting())
    private let (arrivals, arriving) = AsyncStream.makeStream(of: Void.self)

    func pass() async {
        await withCheckedContinuation { continuation in
            let isOpen = waiting.withLock { waiting in
                if !waiting.isOpen { waiting.continuations.append(continuation) }
                return waiting.isOpen
            }
            if isOpen { continuation.resume() }
            arriving.yield()
        }
    }

    func open() {
        let continuations = waiting.withLock { waiting in
            waiting.isOpen = true
            return waiting.continuations
        }
        for continuation in continuations { continuation.resume() }
    }

    /// For one that waits.
    func untilReached(times: Int = 1) async {
        var arrivals = arrivals.makeAsyncIterator()
        for _ in 0..<times { _ = await arrivals.next() }
    }
}
