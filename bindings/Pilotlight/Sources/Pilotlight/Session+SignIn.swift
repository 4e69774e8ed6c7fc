import Foundation
internal import PilotlightCore

extension Session {
    /// Signs a user in through a browser: Authorization Code with PKCE (RFC 8252, RFC 7636). Network; persists the
    /// session.
    ///
    /// On Apple platforms `signIn(from:)` does this with the system's own browser sheet.
    ///
    /// - Parameters:
    ///   - authenticator: Shows the issuer's page and answers with the callback URL.
    ///   - options: What to ask of this sign-in.
    /// - Returns: The new state, `.signedIn`.
    /// - Throws: ``SessionError/signInCancelled`` when the user closed the page;
    ///   ``SessionError/signInFailed(code:message:)`` when the issuer or the checks refused;
    ///   ``SessionError/temporarilyUnavailable(reason:retryAfter:message:)``; ``SessionError/configurationInvalid(field:message:)``;
    ///   what the authenticator throws; `CancellationError`, after which a sign-in whose callback had come may still
    ///   end well. A session that existed before is untouched by any of them.
    @discardableResult
    public func signIn(
        using authenticator: some WebAuthenticator, options: SignInOptions = SignInOptions()
    ) async throws -> SessionState {
        try await completeSignIn(try await begin(options), using: authenticator)
    }

    /// Shows the page of a sign-in that has begun, and ends it.
    func completeSignIn(
        _ request: SignInRequest, using authenticator: some WebAuthenticator
    ) async throws -> SessionState {
        let callback: URL
        do {
            callback = try await authenticator.authenticate(url: try request.page, redirectURI: try redirectURI)
        } catch {
            // Only this attempt: another one may have replaced it in the meantime.
            core.cancelSignInAttempt(attempt: request.attempt)
            throw error
        }
        return try await completeSignIn(with: callback)
    }

    /// Begins a sign-in whose browser the app drives itself. Asks the issuer for its endpoints where they are not
    /// known yet (network); stores nothing. A sign-in that was in progress is replaced.
    ///
    /// - Returns: The URL to open in a browser. It holds no secret: the code verifier stays in the core.
    /// - Throws: ``SessionError/argumentInvalid(argument:message:)`` for a parameter that Pilotlight sets itself;
    ///   ``SessionError/temporarilyUnavailable(reason:retryAfter:message:)``; ``SessionError/configurationInvalid(field:message:)``;
    ///   `CancellationError`.
    public func beginSignIn(_ options: SignInOptions = SignInOptions()) async throws -> URL {
        try await begin(options).page
    }

    private func begin(_ options: SignInOptions) async throws -> SignInRequest {
        let options = try options.core
        return try await call(givesNothingOut: true) { try await $0.beginSignIn(options: options) }
    }

    /// Ends a sign-in with the URL that the browser was sent back to. Network; persists the session. A URL that does
    /// not belong to the sign-in in progress changes nothing.
    ///
    /// - Returns: The new state, `.signedIn`.
    /// - Throws: As ``signIn(using:options:)``.
    @discardableResult
    public func completeSignIn(with callback: URL) async throws -> SessionState {
        let text = callback.absoluteString
        let state = SessionState(
            try await call(givesNothingOut: true) { try await $0.completeSignIn(callbackUrl: text) })
        gates.open()
        return state
    }

    /// Gives up the sign-in in progress, if there is one; a callback that comes later is answered with
    /// ``SessionError/signInCancelled``. O(1).
    public func cancelSignIn() {
        core.cancelSignIn()
    }

    /// Signs out: forgets the session here, always, then revokes the refresh token at the issuer where it offers that
    /// (network). Never fails; the result says what happened to the refresh token at the issuer. The issuer's own
    /// cookie in the browser is untouched.
    ///
    /// Offline the refresh token is kept, for nothing but its revocation, which is sent at the next ``restore()`` or
    /// sign-in; after 30 days it is dropped. A read-only session does nothing and returns `.readOnly`.
    ///
    /// A device secret is revoked along with it (``deviceSSOToken(secretType:)``); at Okta that ends the sessions of other apps that
    /// came by it.
    ///
    /// Once begun it runs to its end, also when the task is cancelled.
    @discardableResult
    public func signOut() async -> SignOutOutcome {
        gates.close()
        tokens.forget()
        defer { tokens.forget() }
        // The core throws here only after its own fault; the sign-out itself cannot fail.
        let outcome = try? await uninterrupted { try await $0.signOut() }
        return outcome.map(SignOutOutcome.init) ?? .revocationPending
    }

    private var redirectURI: URL {
        get throws {
            guard let url = URL(string: configuration.redirectURI) else {
                throw SessionError.configurationInvalid(field: "redirectURI", message: "redirectURI is not a URL")
            }
            return url
        }
    }
}

extension SignInRequest {
    /// The page to open.
    fileprivate var page: URL {
        get throws {
            guard let page = URL(string: url) else {
                throw SessionError.internalFault(message: "the authorization URL is not a URL")
            }
            return page
        }
    }
}
