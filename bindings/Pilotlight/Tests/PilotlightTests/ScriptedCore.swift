import Foundation
import PilotlightCore

@testable import Pilotlight

/// The preview's core with a signed-in user. Its calls can wait at a gate, and its store may be locked.
final class ScriptedCore: PreviewCore, @unchecked Sendable {
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
        var hasToken = true
        var tokenReads = 0
        var tokenExpires = UInt64.max
        var tokenCalls: [TokenCall] = []
    }

    /// The arguments of one call for an access token.
    struct TokenCall: Hashable, Sendable {
        var minTtlSeconds: UInt32 = 0
        var forceRefresh = false
        var allowExpired = false
    }

    private let script: Locked<Script>
    /// The counter of the session's epoch, as in the core.
    private let counter = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)
    private let work: @Sendable () async throws -> Void
    private let onRelease: @Sendable () -> Void
    private let onCachedToken: @Sendable () -> Void
    private let onBegin: @Sendable (UInt64) async -> Void

    /// - Parameters:
    ///   - state: The state in memory.
    ///   - stored: The state that the next `restore()` finds.
    ///   - onRelease: Called when the lock between processes is released.
    ///   - onBegin: Called when a sign-in has begun and its caller does not know it yet.
    ///   - onCachedToken: Called when the token in memory was read.
    ///   - work: Runs in every call except `restore()`.
    init(
        state: Pilotlight.SessionState? = .signedOut, stored: Pilotlight.SessionState = .signedOut,
        onRelease: @escaping @Sendable () -> Void = {}, onBegin: @escaping @Sendable (UInt64) async -> Void = { _ in },
        onCachedToken: @escaping @Sendable () -> Void = {}, work: @escaping @Sendable () async throws -> Void = {}
    ) {
        script = Locked(Script(state: state, stored: stored))
        counter.initialize(to: 1)
        self.onRelease = onRelease
        self.onBegin = onBegin
        self.onCachedToken = onCachedToken
        self.work = work
        let signedIn = Pilotlight.SessionState.signedIn(subject: "scripted", expiresAt: .distantFuture)
        super.init(
            contents: Contents(
                state: signedIn, profile: .preview(), metadata: [:], accessToken: "renewed", signInBegan: true),
            broadcaster: SessionBroadcaster())
    }

    deinit {
        counter.deallocate()
    }

    /// How often the token in memory was read, and each asynchronous call for a token.
    var tokenReads: Int { script.withLock { $0.tokenReads } }
    var tokenCalls: [TokenCall] { script.withLock { $0.tokenCalls } }

    /// How often the state was read.
    var looks: Int { script.withLock { $0.looks } }
    var restores: Int { script.withLock { $0.restores } }
    /// The calls about the lock between processes, in order.
    var lock: [String] { script.withLock { $0.lock } }
    /// How many sign-ins began, and which of them were cancelled.
    var attempts: UInt64 { script.withLock { $0.attempts } }
    var cancelled: [UInt64] { script.withLock { $0.cancelled } }

    /// How often the profile was read.
    var profileReads: Int { script.withLock { $0.profileReads } }

    /// Sets another profile.
    func put(_ profile: SessionProfile?) {
        script.withLock { script in
            script.profile = profile
            script.profileVersion = profile == nil ? 0 : UInt64(script.profileReads) + 1
        }
    }

    /// Sets the state that the next `restore()` finds.
    func store(_ state: Pilotlight.SessionState) {
        script.withLock { $0.stored = state }
    }

    func session(_ dependencies: Dependencies) -> Session {
        let configuration = SessionConfiguration.openIDConnect(
            issuer: "https://scripted.invalid", clientID: "scripted", redirectURI: "scripted://callback")
        return Session(
            configuration: configuration, core: self, broadcaster: SessionBroadcaster(), dependencies: dependencies)
    }

    override func begin() async throws {
        try await work()
    }

    override func state() -> PilotlightCore.SessionState? {
        script.withLock { script in
            script.looks += 1
            return script.state?.core
        }
    }

    /// Advances the session's epoch, as if something had happened to the session.
    func change() {
        counter.pointee += 1
    }

    override func epochAddress() -> UInt64 { UInt64(UInt(bitPattern: counter)) }

    override func tokenLease() -> TokenLease? {
        script.withLock { script in
            guard script.hasToken else { return nil }
            return TokenLease(epoch: counter.pointee, expires: script.tokenExpires, ends: script.tokenExpires)
        }
    }

    /// Sets when the token expires, by the clock of the leases.
    func expireToken(at moment: UInt64) {
        script.withLock { $0.tokenExpires = moment }
        change()
    }

    /// Removes the token from memory, so that a token needs an asynchronous call.
    func loseToken() {
        script.withLock { $0.hasToken = false }
        change()
    }

    override func cachedAccessToken(minTtlSeconds: UInt32) -> String? {
        onCachedToken()
        return script.withLock { script in
            script.tokenReads += 1
            return script.hasToken ? "cached" : nil
        }
    }

    override func accessToken(minTtlSeconds: UInt32, forceRefresh: Bool, allowExpired: Bool) async throws -> String {
        script.withLock {
            $0.tokenCalls.append(
                TokenCall(minTtlSeconds: minTtlSeconds, forceRefresh: forceRefresh, allowExpired: allowExpired))
        }
        return try await super.accessToken(
            minTtlSeconds: minTtlSeconds, forceRefresh: forceRefresh, allowExpired: allowExpired)
    }

    override func cachedProfileVersion() -> UInt64 { script.withLock { $0.profileVersion } }

    override func cachedProfile() -> PilotlightCore.UserProfile? {
        script.withLock { script in
            script.profileReads += 1
            return script.profile?.core
        }
    }

    /// Restores the contents, so that a user stays signed in and later calls answer as before.
    override func signOut() async throws -> PilotlightCore.SignOutOutcome {
        let before = contents.withLock { $0 }
        let outcome = try await super.signOut()
        contents.withLock { $0 = before }
        return outcome
    }

    override func cancelSignInAttempt(attempt: UInt64) {
        script.withLock { $0.cancelled.append(attempt) }
    }

    override func releaseProcessLock() {
        script.withLock { $0.lock.append("released") }
        onRelease()
    }

    override func postponeProcessLock() {
        script.withLock { $0.lock.append("postponed") }
    }

    override func allowProcessLock() {
        script.withLock { $0.lock.append("allowed") }
    }

    override func restore() async throws -> PilotlightCore.SessionState {
        script.withLock { script in
            script.restores += 1
            script.state = script.stored
            return script.stored.core
        }
    }

    override func beginSignIn(options: PilotlightCore.SignInOptions) async throws -> SignInRequest {
        let request = try await super.beginSignIn(options: options)
        script.withLock { $0.attempts = request.attempt }
        await onBegin(request.attempt)
        return request
    }
}

/// A gate at which work waits until a test opens it. A test can wait until work has arrived.
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

    /// Waits until work has arrived `times` times. For one waiting task only.
    func untilReached(times: Int = 1) async {
        var arrivals = arrivals.makeAsyncIterator()
        for _ in 0..<times { _ = await arrivals.next() }
    }
}
