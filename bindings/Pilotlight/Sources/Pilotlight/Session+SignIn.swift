import Foundation
internal import PilotlightCore

extension Session {
    /// Signs a user in through a browser: Authorization Code with PKCE (RFC 8252, RFC 7636). Network; persists the
    /// session.
    ///
    /// On Apple platforms `signIn(from:)` does this with the system's own browser sheet.
    ///
    /// - Parameters:
    ///   - authenticator: Shows the issuer's page and returns the callback URL.
    ///   - options: The options of this sign-in.
    /// - Returns: The new state, `.signedIn`.
    /// - Throws: ``SessionError/signInCancelled`` if the user closed the page; ``SessionError/signInFailed(code:message:)`` if
    ///   the issuer refused the sign-in or its answer did not pass the checks;
    ///   ``SessionError/temporarilyUnavailable(reason:retryAfter:message:)``;
    ///   ``SessionError/configurationInvalid(field:message:)``; the authenticator's errors; `CancellationError`, after which a
    ///   sign-in whose callback has already arrived may still succeed. None of them changes a session that existed before.
    @discardableResult
    public func signIn(
        using authenticator: some WebAuthenticator, options: SignInOptions = SignInOptions()
    ) async throws -> SessionState {
        try await completeSignIn(try await begin(options), using: authenticator)
    }

    /// Shows the page of a sign-in that has begun, and completes the sign-in.
    func completeSignIn(
        _ request: SignInRequest, using authenticator: some WebAuthenticator
    ) async throws -> SessionState {
        let callback: URL
        do {
            callback = try await authenticator.authenticate(url: try request.page, redirectURI: try redirectURI)
        } catch {
            // Cancels only this attempt: another one may have replaced it in the meantime.
            core.cancelSignInAttempt(attempt: request.attempt)
            throw error
        }
        return try await completeSignIn(with: callback)
    }

    /// Begins a sign-in for an app that opens the browser itself. Asks the issuer for its endpoints if they are not
    /// known yet (network); stores nothing. Replaces a sign-in that is in progress.
    ///
    /// - Returns: The URL to open in a browser. It contains no secret: the code verifier stays in the core.
    /// - Throws: ``SessionError/argumentInvalid(argument:message:)`` for a parameter that Pilotlight sets itself;
    ///   ``SessionError/temporarilyUnavailable(reason:retryAfter:message:)``;
    ///   ``SessionError/configurationInvalid(field:message:)``; `CancellationError`.
    public func beginSignIn(_ options: SignInOptions = SignInOptions()) async throws -> URL {
        try await begin(options).page
    }

    private func begin(_ options: SignInOptions) async throws -> SignInRequest {
        let options = try options.core
        return try await call(givesNothingOut: true) { try await $0.beginSignIn(options: options) }
    }

    /// Completes a sign-in with the callback URL that the issuer sent the browser to. Network; persists the session. A URL
    /// that does not belong to the sign-in in progress changes nothing.
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

    /// Cancels the sign-in in progress, if there is one. Completing it with a callback that arrives later throws
    /// ``SessionError/signInCancelled``. O(1).
    public func cancelSignIn() {
        core.cancelSignIn()
    }

    /// Signs out. Always deletes the session on this device, then revokes the refresh token at the issuer if the issuer
    /// supports that (network). Never fails; the result says what happened to the refresh token at the issuer. The issuer's
    /// own cookie in the browser stays; see ``signOutOfBrowser(using:returnTo:options:)``.
    ///
    /// Offline, the refresh token is kept only for its revocation, which is sent at the next ``restore()`` or sign-in; after
    /// 30 days it is dropped. A read-only session does nothing and returns `.readOnly`.
    ///
    /// A device secret (``deviceSSOToken(secretType:)``) is revoked too; at Okta that ends the sessions of other apps that
    /// signed in with it.
    ///
    /// A sign-out that has begun runs to its end, even if the task is cancelled.
    @discardableResult
    public func signOut() async -> SignOutOutcome {
        gates.close()
        tokens.forget()
        defer { tokens.forget() }
        // The core throws here only if it has a bug; the sign-out itself cannot fail.
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
