import Foundation
internal import PilotlightCore

extension Session {
    /// Signs the browser out at the issuer, after ``signOut()`` has done so here: otherwise the issuer's cookie may let
    /// the next sign-in pass without asking the user anything. Opens a browser; stores nothing.
    ///
    /// A sign-in with an ephemeral browser leaves no cookie, and needs no sign-out of the browser.
    ///
    /// - Parameters:
    ///   - authenticator: Shows the issuer's page and notices when the browser comes back to `returnTo`.
    ///   - returnTo: One of the logout URLs that are registered for the client (Auth0: "Allowed Logout URLs"; elsewhere
    ///     `post_logout_redirect_uris`).
    ///   - federated: Also at the identity provider that the user signed in with. Auth0 only.
    /// - Throws: ``SessionError/signInCancelled`` when the user closed the page; what the authenticator throws; else as
    ///   ``logoutURL(returnTo:federated:)``. Nothing of it changes that the user is signed out here.
    public func signOutOfBrowser(
        using authenticator: some WebAuthenticator, returnTo: URL, federated: Bool = false
    ) async throws {
        let url = try await logoutURL(returnTo: returnTo, federated: federated)
        _ = try await authenticator.authenticate(url: url, redirectURI: returnTo)
    }

    /// The URL that ends the issuer's own session in the browser: `/v2/logout` (Auth0: "Log Users Out of Auth0"), or the
    /// end-session endpoint (OpenID Connect RP-Initiated Logout 1.0). Asks the issuer for its endpoints where they are
    /// not known yet (network). It carries no ID token, so some issuers ask the user to confirm.
    ///
    /// - Parameters:
    ///   - returnTo: Where the browser goes then: one of the logout URLs that are registered for the client. Without one
    ///     the issuer shows a page of its own.
    ///   - federated: Also at the identity provider that the user signed in with. Auth0 only.
    /// - Throws: ``SessionError/argumentInvalid(argument:message:)`` for `federated` at another issuer;
    ///   ``SessionError/configurationInvalid(field:message:)`` when the issuer has no end-session endpoint;
    ///   ``SessionError/temporarilyUnavailable(reason:retryAfter:message:)``.
    public func logoutURL(returnTo: URL? = nil, federated: Bool = false) async throws -> URL {
        let returnTo = returnTo?.absoluteString
        let text = try await call { try await $0.logoutUrl(returnTo: returnTo, federated: federated) }
        guard let url = URL(string: text) else {
            throw SessionError.internalFault(message: "the logout URL is not a URL")
        }
        return url
    }
}
