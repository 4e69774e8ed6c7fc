import Foundation
internal import PilotlightCore

/// A core that lives in memory and sends nothing. A session from
/// ``Session/preview(state:profile:metadata:waiting:accessToken:failingWith:)`` runs on it. The tests' double is a subclass that
/// adds scripted answers, so that each call of the core is implemented once for both.
class PreviewCore: CoreSessionProtocol, @unchecked Sendable {
    struct Contents: Sendable {
        var state: SessionState?
        var profile: SessionProfile
        var metadata: [String: SessionJSON]
        var waiting: [PendingUpdate] = []
        var lastUpdate: UInt64 = 0
        var accessToken: String
        var error: SessionError?
        var lastAttempt: UInt64 = 0
        var signInBegan = false

        var isSignedIn: Bool { state?.isSignedIn ?? false }
    }

    let contents: Locked<Contents>
    let broadcaster: SessionBroadcaster

    init(contents: Contents, broadcaster: SessionBroadcaster) {
        self.contents = Locked(contents)
        self.broadcaster = broadcaster
        if let state = contents.state { broadcaster.states.send(state) }
    }

    // MARK: Memory

    func state() -> PilotlightCore.SessionState? {
        contents.withLock { $0.state?.core }
    }

    // No lease, so the token is read each time.
    func tokenLease() -> TokenLease? { nil }

    func epochAddress() -> UInt64 { 0 }

    func cachedAccessToken(minTtlSeconds: UInt32) -> String? {
        contents.withLock { $0.isSignedIn ? $0.accessToken : nil }
    }

    func cachedAccessTokenFor(audience: String, scopes: [String], minTtlSeconds: UInt32) -> String? {
        cachedAccessToken(minTtlSeconds: minTtlSeconds)
    }

    func hasValidSession(minTtlSeconds: UInt32) -> Bool {
        contents.withLock { $0.isSignedIn }
    }

    func cachedProfileVersion() -> UInt64 {
        contents.withLock { $0.isSignedIn ? 1 : 0 }
    }

    func hasRefreshToken() -> Bool {
        contents.withLock { $0.isSignedIn }
    }

    func grantedScopes() -> [String]? {
        contents.withLock { $0.isSignedIn ? ["openid", "profile", "email", "offline_access"] : nil }
    }

    func authenticatedAt() -> Date? { nil }

    func cachedProfile() -> PilotlightCore.UserProfile? {
        contents.withLock { $0.isSignedIn ? $0.profile.core : nil }
    }

    func cancelSignIn() {
        contents.withLock { $0.signInBegan = false }
    }

    func cancelSignInAttempt(attempt: UInt64) {
        contents.withLock { if $0.lastAttempt == attempt { $0.signInBegan = false } }
    }

    // A preview has nothing to count.
    func counters() -> PilotlightCore.SessionCounters {
        PilotlightCore.SessionCounters(
            renewals: 0, failedRenewals: 0, retries: 0, sharedRenewals: 0, tokensFromMemory: 0, requests: 0,
            unansweredRequests: 0, lostMeasurements: 0)
    }
    func recordMeasurements(sink: any MetricsSink) {}

    func releaseProcessLock() {}
    func postponeProcessLock() {}
    func allowProcessLock() {}

    // MARK: What would wait

    func restore() async throws -> PilotlightCore.SessionState {
        try throwIfFailing()
        return enter { $0.state ?? .signedOut }.core
    }

    func accessToken(minTtlSeconds: UInt32, forceRefresh: Bool, allowExpired: Bool) async throws -> String {
        try await begin()
        let token = try signedIn { $0.accessToken }
        if forceRefresh { tellOfRenewal(nil) }
        return token
    }

    func accessTokenFor(
        audience: String, scopes: [String], minTtlSeconds: UInt32, forceRefresh: Bool, allowExpired: Bool
    ) async throws -> String {
        try await begin()
        let token = try signedIn { $0.accessToken }
        if forceRefresh { tellOfRenewal(audience) }
        return token
    }

    func replaceRefusedToken(
        refused: String, api: String, audience: String?, scopes: [String], minTtlSeconds: UInt32
    ) async throws -> String? {
        try await begin()
        let token = try signedIn { $0.accessToken }
        tellOfRenewal(audience)
        return token
    }

    func noteReplacedToken(api: String, isRefused: Bool) {}

    func boundKey() -> PilotlightCore.BoundKey? { nil }

    func isBound(token: String) -> Bool { false }

    func proof(method: String, url: String, token: String) async throws -> String? { nil }

    func keepProofNonce(url: String, nonce: String) {}

    func refresh(scopes: [String], parameters: [String: String]) async throws -> String {
        try await begin()
        let token = try signedIn { $0.accessToken }
        tellOfRenewal(nil)
        return token
    }

    func beginStepUp(options: StepUpOptions) async throws -> SignInRequest {
        try await beginSignIn(options: PilotlightCore.SignInOptions())
    }

    func beginSignIn(options: PilotlightCore.SignInOptions) async throws -> SignInRequest {
        try await begin()
        try throwIfFailing()
        let attempt = contents.withLock { contents in
            contents.signInBegan = true
            contents.lastAttempt += 1
            return contents.lastAttempt
        }
        return SignInRequest(
            url: "https://preview.invalid/authorize", callbackScheme: "pilotlight-preview", attempt: attempt)
    }

    func completeSignIn(callbackUrl: String) async throws -> PilotlightCore.SessionState {
        try await begin()
        try throwIfFailing()
        guard contents.withLock({ $0.signInBegan }) else { throw SessionError.signInCancelled }
        return signIn(by: .browser).core
    }

    func signOut() async throws -> PilotlightCore.SignOutOutcome {
        try await begin()
        let (before, wasSignedIn) = contents.withLock { ($0.state, $0.isSignedIn) }
        _ = enter { _ in .signedOut }
        if before != .signedOut { broadcaster.events.send(.signedOut(elsewhere: false)) }
        return wasSignedIn ? .revoked : .nothingToRevoke
    }

    func beginDeviceSignIn(parameters: [String: String]) async throws -> DeviceSignInRequest {
        try await begin()
        try throwIfFailing()
        let attempt = contents.withLock { contents in
            contents.signInBegan = true
            contents.lastAttempt += 1
            return contents.lastAttempt
        }
        return DeviceSignInRequest(
            userCode: "PREV-VIEW", verificationUri: "https://preview.invalid/activate",
            verificationUriComplete: "https://preview.invalid/activate?user_code=PREV-VIEW", lifetimeSeconds: 900,
            attempt: attempt)
    }

    func completeDeviceSignIn(attempt: UInt64) async throws -> PilotlightCore.SessionState {
        try await begin()
        try throwIfFailing()
        let isCurrent = contents.withLock { $0.signInBegan && $0.lastAttempt == attempt }
        guard isCurrent else { throw SessionError.signInCancelled }
        return signIn(by: .anotherDevice).core
    }

    func signInByExchange(
        token: String, kind: String, actor: ExchangeActor?, userProfile: String?, parameters: [String: String]
    ) async throws -> PilotlightCore.SessionState {
        try await begin()
        try throwIfFailing()
        return signIn(by: .tokenExchange).core
    }

    func exchange(
        request: ExchangeRequest, minTtlSeconds: UInt32, forceRefresh: Bool, allowExpired: Bool
    ) async throws -> String {
        try await begin()
        return try signedIn { $0.accessToken }
    }

    func sessionTransfer() async throws -> SessionTransferToken {
        try await begin()
        let token = try signedIn { $0.accessToken }
        return SessionTransferToken(token: token, lifetimeSeconds: 60, host: "preview.invalid")
    }

    func deviceSsoToken() async throws -> DeviceSsoToken {
        try await begin()
        let token = try signedIn { $0.accessToken }
        return DeviceSsoToken(idToken: token, deviceSecret: token)
    }

    func importSession(source: PilotlightCore.ImportSource) async throws -> PilotlightCore.ImportOutcome {
        try await begin()
        try throwIfFailing()
        return contents.withLock { $0.isSignedIn } ? .sessionExists : .nothingFound
    }

    func discardImportedSession(source: PilotlightCore.ImportSource) async throws -> Bool {
        try await begin()
        try throwIfFailing()
        return contents.withLock { $0.isSignedIn }
    }

    func logoutUrl(options: PilotlightCore.LogoutOptions) async throws -> String {
        try await begin()
        try throwIfFailing()
        return "https://preview.invalid/logout"
    }

    func completeLogout(callbackUrl: String) throws {
        try throwIfFailing()
    }

    func profile(refresh: Bool) async throws -> PilotlightCore.UserProfile {
        try await begin()
        return try signedIn { $0.profile.core }
    }

    func profileWithin(maxAgeSeconds: UInt32, allowStale: Bool) async throws -> PilotlightCore.UserProfile {
        try await begin()
        return try signedIn { $0.profile.core }
    }

    // MARK: Older tenants

    func cachedIdToken(minTtlSeconds: UInt32) -> String? {
        contents.withLock { $0.isSignedIn ? Self.idToken : nil }
    }

    func idToken(minTtlSeconds: UInt32) async throws -> String {
        try await begin()
        return try signedIn { _ in Self.idToken }
    }

    func signInWithPassword(
        username: String, password: String, connection: String, device: String?, parameters: [String: String]
    ) async throws -> PilotlightCore.SessionState {
        try await begin()
        try throwIfFailing()
        return signIn(by: .password).core
    }

    func delegate(
        apiType: String, target: String?, scopes: [String], parameters: [String: String], byRefreshToken: Bool
    ) async throws -> Claims {
        try await begin()
        return try JSONText.text(
            of: try signedIn { _ in ["id_token": SessionJSON.string(Self.idToken)] }, argument: "apiType")
    }

    func tokenInfo(idToken: String?) async throws -> PilotlightCore.UserProfile {
        try await begin()
        return try signedIn { $0.profile.core }
    }

    private static let idToken = "preview-id-token"

    // MARK: Rules

    /// Called first by every call that would wait, except ``restore()``.
    func begin() async throws {}

    func throwIfFailing() throws {
        if let error = contents.withLock({ $0.error }) { throw error }
    }

    func signedIn<Value>(_ answer: (inout Contents) -> Value) throws -> Value {
        try throwIfFailing()
        return try contents.withLock { contents in
            guard contents.isSignedIn else {
                throw SessionError.signInRequired(reason: .signedOut, message: "nobody is signed in")
            }
            return answer(&contents)
        }
    }

    private func tellOfRenewal(_ audience: String?) {
        broadcaster.events.send(.renewed(audience: audience, expiresAt: .distantFuture, elsewhere: false))
    }

    private func signIn(by way: SignInMethod) -> SessionState {
        let state = enter {
            $0.signInBegan = false
            return .signedIn(subject: $0.profile.subject, expiresAt: .distantFuture)
        }
        if case .signedIn(let subject, _) = state {
            broadcaster.events.send(.signedIn(subject: subject, by: way))
        }
        return state
    }

    private func enter(_ next: (inout Contents) -> SessionState) -> SessionState {
        let (state, changed) = contents.withLock { contents in
            let before = contents.state
            let state = next(&contents)
            contents.state = state
            return (state, state != before)
        }
        if changed { broadcaster.states.send(state) }
        return state
    }
}
