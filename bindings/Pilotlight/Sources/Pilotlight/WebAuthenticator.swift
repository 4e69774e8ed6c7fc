import Foundation

/// Shows the issuer's sign-in page to the user and returns the URL that the issuer redirected the browser to.
///
/// `SystemWebAuthenticator` is the implementation for Apple's platforms. Write your own for a host with another browser, or
/// for tests.
public protocol WebAuthenticator: Sendable {
    /// Shows `url` and waits for the browser to come back to `redirectURI`.
    ///
    /// - Parameters:
    ///   - url: The authorization request. Show it in a browser, never in a web view inside the app (RFC 8252
    ///     8.12).
    ///   - redirectURI: The URI that the callback begins with; its scheme is the callback scheme.
    /// - Returns: The whole callback URL, even if it carries an error: the session reads it.
    /// - Throws: ``SessionError/signInCancelled`` if the user closed the page; `CancellationError` if the task
    ///   was cancelled; any other error.
    func authenticate(url: URL, redirectURI: URL) async throws -> URL
}
