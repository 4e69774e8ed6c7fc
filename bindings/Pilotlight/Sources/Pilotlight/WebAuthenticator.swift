import Foundation

/// Shows the issuer's sign-in page to the user and returns the URL that the issuer redirected the browser to.
///
/// `SystemWebAuthenticator` is the one for Apple's platforms. Write another for a host that has its own browser, or
/// for tests.
public protocol WebAuthenticator: Sendable {
    /// Shows `url` and waits for the browser to come back to `redirectURI`.
    ///
    /// - Parameters:
    ///   - url: The authorization request. Show it in a browser, never in a web view of the app's own (RFC 8252
    ///     8.12).
    ///   - redirectURI: The URI that the callback begins with; its scheme is the callback scheme.
    /// - Returns: The whole callback URL, also when it carries an error: the session reads it.
    /// - Throws: ``SessionError/signInCancelled`` when the user closed the page; `CancellationError` when the task
    ///   was cancelled; whatever else went wrong.
    func authenticate(url: URL, redirectURI: URL) async throws -> URL
}
