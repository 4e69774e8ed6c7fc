import Foundation
internal import PilotlightCore

extension Session {
    /// Signs the browser out at the issuer. Call it after ``signOut()``, which signs out in the app only: with the issuer's
    /// cookie, the next sign-in may succeed without asking the user anything. Opens a browser; stores nothing.
    ///
    /// A sign-in with an ephemeral browser leaves no cookie, so the browser needs no sign-out.
    ///
    /// - Parameters:
    ///   - authenticator: Shows the issuer's page and notices when the browser comes back to `returnTo`.
    ///   - returnTo: One of the logout URLs that are registered for the client (Auth0: "Allowed Logout URLs"; elsewhere
    ///     `post_logout_redirect_uris`).
    ///   - options: What to send to the issuer.
    /// - Throws: ``SessionError/signInCancelled`` if the user closed the page;
    ///   ``SessionError/argumentInvalid(argument:message:)`` naming `callback` if the URL that came back does not belong to
    ///   this sign-out: the browser may then still be signed in; the authenticator's errors; otherwise as
    ///   ``logoutURL(returnTo:options:)``. In each case the user stays signed out in the app.
    public func signOutOfBrowser(
        using authenticator: some WebAuthenticator, returnTo: URL, options: LogoutOptions = LogoutOptions()
    ) async throws {
        let url = try await logoutURL(returnTo: returnTo, options: options, givesNothingOut: true)
        try completeLogout(with: try await authenticator.authenticate(url: url, redirectURI: returnTo))
    }

    /// The URL that ends the issuer's own session in the browser: `/v2/logout` (Auth0: "Log Users Out of Auth0"), or the
    /// end-session endpoint (OpenID Connect RP-Initiated Logout 1.0). For an app that opens the browser itself. Asks the
    /// issuer for its endpoints if they are not known yet (network).
    ///
    /// - Parameters:
    ///   - returnTo: Where the browser goes afterwards: one of the logout URLs that are registered for the client. It is sent
    ///     as `post_logout_redirect_uri` with a `state`, to Auth0 as `returnTo`, to Amazon Cognito as `logout_uri`. If nil,
    ///     the issuer shows a page.
    ///   - options: What to send to the issuer. If they include an ID token and the session has a
    ///     ``UserAuthenticationPolicy``, the user has to authenticate first.
    /// - Throws: ``SessionError/argumentInvalid(argument:message:)`` for `federated` at another issuer than Auth0, and for
    ///   parameters that Pilotlight sets itself; ``SessionError/configurationInvalid(field:message:)`` when the issuer has
    ///   no end-session endpoint; ``SessionError/temporarilyUnavailable(reason:retryAfter:message:)``.
    public func logoutURL(returnTo: URL? = nil, options: LogoutOptions = LogoutOptions()) async throws -> URL {
        try await logoutURL(returnTo: returnTo, options: options, givesNothingOut: !options.sendsIDTokenHint)
    }

    private func logoutURL(returnTo: URL?, options: LogoutOptions, givesNothingOut: Bool) async throws -> URL {
        let options = options.core(returnTo: returnTo?.absoluteString)
        let text = try await call(givesNothingOut: givesNothingOut) { try await $0.logoutUrl(options: options) }
        guard let url = URL(string: text) else {
            throw SessionError.internalFault(message: "the logout URL is not a URL")
        }
        return url
    }

    /// Checks the URL that the browser came back with after ``logoutURL(returnTo:options:)``. O(1), no I/O.
    ///
    /// - Throws: ``SessionError/argumentInvalid(argument:message:)`` naming `callback` for a URL that does not belong to that
    ///   sign-out. The sign-out then still waits for its own callback, because anyone can send a URL to an app.
    public func completeLogout(with callback: URL) throws {
        do {
            try core.completeLogout(callbackUrl: callback.absoluteString)
        } catch {
            throw SessionError.of(error)
        }
    }
}
