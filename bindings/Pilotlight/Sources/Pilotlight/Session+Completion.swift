import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// The calls with completion handlers, for code without `async`. Each handler is called once, on the main thread, with
/// the result or the error of the `async` call of the same name. Cancel the task to stop waiting: the handler then gets
/// `CancellationError`, and the work continues to its end.
extension Session {
    /// A handler that receives the result of a call.
    public typealias Completion<Value> = @MainActor @Sendable (Result<Value, any Error>) -> Void

    /// See ``restore()``.
    @discardableResult
    public func restore(completion: @escaping Completion<SessionState>) -> Task<Void, Never> {
        answer(completion) { try await $0.restore() }
    }

    /// See ``signIn(using:options:)``.
    @discardableResult
    public func signIn(
        using authenticator: some WebAuthenticator, options: SignInOptions = SignInOptions(),
        completion: @escaping Completion<SessionState>
    ) -> Task<Void, Never> {
        answer(completion) { try await $0.signIn(using: authenticator, options: options) }
    }

    /// See ``signOut()``; it never fails.
    @discardableResult
    public func signOut(completion: @escaping @MainActor @Sendable (SignOutOutcome) -> Void) -> Task<Void, Never> {
        Task { await completion(await signOut()) }
    }

    /// See ``accessToken(minTTL:forceRefresh:allowExpired:)``.
    @discardableResult
    public func accessToken(
        minTTL: TimeInterval = 0, forceRefresh: Bool = false, completion: @escaping Completion<String>
    ) -> Task<Void, Never> {
        answer(completion) { try await $0.accessToken(minTTL: minTTL, forceRefresh: forceRefresh) }
    }

    /// See ``profile(refresh:)``.
    @discardableResult
    public func profile(
        refresh: Bool = false, completion: @escaping Completion<SessionProfile>
    ) -> Task<Void, Never> {
        answer(completion) { try await $0.profile(refresh: refresh) }
    }

    /// See ``authorized(_:minTTL:forceRefresh:)``.
    @discardableResult
    public func authorized(
        _ request: URLRequest, completion: @escaping Completion<URLRequest>
    ) -> Task<Void, Never> {
        answer(completion) { try await $0.authorized(request) }
    }

    /// See ``data(for:audience:minTTL:using:)``.
    @discardableResult
    public func data(
        for request: URLRequest, audience: TokenAudience? = nil,
        completion: @escaping Completion<(Data, HTTPURLResponse)>
    ) -> Task<Void, Never> {
        answer(completion) { try await $0.data(for: request, audience: audience) }
    }

    /// See ``stepUp(for:using:parameters:via:)``.
    @discardableResult
    public func stepUp(
        for challenge: StepUpChallenge, using authenticator: some WebAuthenticator,
        completion: @escaping Completion<(Data, HTTPURLResponse)>
    ) -> Task<Void, Never> {
        answer(completion) { try await $0.stepUp(for: challenge, using: authenticator) }
    }

    /// See ``importSession(from:)``.
    @discardableResult
    public func importSession(
        from source: ImportSource, completion: @escaping Completion<ImportOutcome>
    ) -> Task<Void, Never> {
        answer(completion) { try await $0.importSession(from: source) }
    }

    /// See ``SessionMetadata/get(_:)``.
    @discardableResult
    public func fetchMetadata(completion: @escaping Completion<[String: SessionJSON]>) -> Task<Void, Never> {
        answer(completion) { try await $0.metadata.get() }
    }

    /// See ``SessionMetadata/update(_:)``.
    @discardableResult
    public func updateMetadata(
        _ changes: [String: SessionJSON], completion: @escaping Completion<[String: SessionJSON]>
    ) -> Task<Void, Never> {
        answer(completion) { try await $0.metadata.update(changes) }
    }

    private func answer<Value: Sendable>(
        _ completion: @escaping Completion<Value>, _ work: @escaping @Sendable (Session) async throws -> Value
    ) -> Task<Void, Never> {
        Task {
            let result: Result<Value, any Error>
            do {
                result = .success(try await work(self))
            } catch {
                result = .failure(error)
            }
            await completion(result)
        }
    }
}
