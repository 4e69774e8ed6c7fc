#if canImport(AuthenticationServices)
import AuthenticationServices
import Foundation

/// The system's browser sheet: `ASWebAuthenticationSession`.
@MainActor
public final class SystemWebAuthenticator: NSObject, WebAuthenticator {
    private let anchor: ASPresentationAnchor
    private let ephemeral: Bool
    private let sheet = OneSheet()

    /// - Parameters:
    ///   - anchor: The window to show the page over; nil lets the system choose.
    ///   - ephemeral: True neither reads nor keeps the browser's cookies: no single sign-on, no question before the
    ///     page, and nothing to sign out of in the browser.
    public init(anchor: ASPresentationAnchor? = nil, ephemeral: Bool = false) {
        self.anchor = anchor ?? ASPresentationAnchor()
        self.ephemeral = ephemeral
    }

    /// Shows the page; see ``WebAuthenticator/authenticate(url:redirectURI:)``. A page that this object shows already is
    /// closed, and whoever waits for it gets ``SessionError/signInCancelled``.
    public func authenticate(url: URL, redirectURI: URL) async throws -> URL {
        try await sheet.answer { answer in
            // The system calls back on any thread: the closure must not be the main actor's, or it traps.
            let session = show(url, redirectURI) { @Sendable callback, error in
                answer(callback.map { .success($0) } ?? .failure(Self.meaning(of: error)))
            }
            return { session.cancel() }
        }
    }

    private func show(
        _ url: URL, _ redirectURI: URL, then completion: @escaping @Sendable (URL?, (any Error)?) -> Void
    ) -> ASWebAuthenticationSession {
        let session: ASWebAuthenticationSession
        if #available(iOS 17.4, macOS 14.4, *), redirectURI.scheme == "https", let host = redirectURI.host {
            session = ASWebAuthenticationSession(
                url: url, callback: .https(host: host, path: redirectURI.path), completionHandler: completion)
        } else {
            session = ASWebAuthenticationSession(
                url: url, callbackURLScheme: redirectURI.scheme, completionHandler: completion)
        }
        session.presentationContextProvider = self
        session.prefersEphemeralWebBrowserSession = ephemeral
        // When it cannot start, the system may call back or not; the first answer counts.
        if !session.start() { completion(nil, nil) }
        return session
    }

    private nonisolated static func meaning(of error: (any Error)?) -> SessionError {
        guard let error = error as? ASWebAuthenticationSessionError else {
            return .restartSignIn(code: "web_authentication_failed", message: "the browser sheet could not be shown")
        }
        if error.code == .canceledLogin { return .signInCancelled }
        if [.presentationContextInvalid, .presentationContextNotProvided].contains(error.code) {
            return .fixArgument(argument: "anchor", message: "the browser sheet needs a window that is on the screen")
        }
        return .restartSignIn(
            code: "web_authentication_failed", message: "the browser sheet failed (\(error.code.rawValue))")
    }
}

extension SystemWebAuthenticator: ASWebAuthenticationPresentationContextProviding {
    /// The window to show the page over.
    public func presentationAnchor(for session: ASWebAuthenticationSession) -> ASPresentationAnchor {
        anchor
    }
}

extension Session {
    /// Signs a user in through the system's browser sheet. Network; persists the session.
    ///
    /// - Parameters:
    ///   - anchor: The window to show the page over; nil lets the system choose.
    ///   - options: What to ask of this sign-in.
    ///   - ephemeral: True neither reads nor keeps the browser's cookies.
    /// - Returns: The new state, `.signedIn`.
    /// - Throws: As ``signIn(using:options:)``.
    @MainActor @discardableResult
    public func signIn(
        from anchor: ASPresentationAnchor? = nil, options: SignInOptions = SignInOptions(), ephemeral: Bool = false
    ) async throws -> SessionState {
        try await signIn(using: SystemWebAuthenticator(anchor: anchor, ephemeral: ephemeral), options: options)
    }
}
#endif
