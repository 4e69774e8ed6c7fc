import Foundation

#if canImport(AuthenticationServices) && !os(tvOS)
import AuthenticationServices

/// The system's browser sheet: `ASWebAuthenticationSession`.
///
/// **An `https` redirect URI** needs iOS 17.4 or macOS 14.4, and an associated domain: the app's entitlement
/// `com.apple.developer.associated-domains` has `webcredentials:` with the URI's host, and that host serves
/// `/.well-known/apple-app-site-association` with the app's identifier under `webcredentials` (Apple: "Supporting
/// associated domains"). A redirect URI with the app's own scheme, such as `com.example.app://callback`, needs neither and
/// works on every version.
@MainActor
public final class SystemWebAuthenticator: NSObject, WebAuthenticator {
    private let anchor: ASPresentationAnchor?
    private let ephemeral: Bool
    private let sheet = SheetPresenter()

    /// Creates an authenticator that shows pages over a window.
    ///
    /// - Parameters:
    ///   - anchor: The window to show the page over; nil means the window that is key when the page is shown.
    ///   - ephemeral: True neither reads nor keeps the browser's cookies: there is no single sign-on, no alert before the
    ///     page, and nothing to sign out of in the browser.
    public init(anchor: ASPresentationAnchor? = nil, ephemeral: Bool = false) {
        self.anchor = anchor
        self.ephemeral = ephemeral
    }

    /// Shows the page; see ``WebAuthenticator/authenticate(url:redirectURI:)``. If this object already shows a page, it closes
    /// that page, whose caller gets ``SessionError/signInCancelled``.
    ///
    /// - Throws: ``SessionError/configurationInvalid(field:message:)`` naming `redirectURI` if the system cannot return to
    ///   it: an `https` URI on an older system or without its associated domain; ``SessionError/signInCancelled``;
    ///   ``SessionError/argumentInvalid(argument:message:)`` naming `anchor`;
    ///   ``SessionError/signInFailed(code:message:)``; `CancellationError`.
    public func authenticate(url: URL, redirectURI: URL) async throws -> URL {
        let callback = try SheetCallback(redirectURI, systemKnowsHTTPS: Self.systemKnowsHTTPS)
        return try await sheet.answer { answer in
            // The system calls back on any thread. If the closure were isolated to the main actor, it would trap.
            let session = session(url, callback) { @Sendable returned, error in
                answer(returned.map { .success($0) } ?? .failure(Self.meaning(of: error)))
            }
            session?.presentationContextProvider = self
            session?.prefersEphemeralWebBrowserSession = ephemeral
            // If the session cannot start, the system may or may not call back; the first answer counts.
            if session?.start() != true { answer(.failure(Self.meaning(of: nil))) }
            return { session?.cancel() }
        }
    }

    private static var systemKnowsHTTPS: Bool {
        if #available(iOS 17.4, macOS 14.4, visionOS 1.1, *) { true } else { false }
    }

    private func session(
        _ url: URL, _ callback: SheetCallback, then completion: @escaping @Sendable (URL?, (any Error)?) -> Void
    ) -> ASWebAuthenticationSession? {
        switch callback {
        case .scheme(let scheme):
            return ASWebAuthenticationSession(url: url, callbackURLScheme: scheme, completionHandler: completion)
        case .https(let host, let path):
            // `SheetCallback` has refused it on an older system.
            guard #available(iOS 17.4, macOS 14.4, visionOS 1.1, *) else { return nil }
            return ASWebAuthenticationSession(
                url: url, callback: .https(host: host, path: path), completionHandler: completion)
        }
    }

    private nonisolated static func meaning(of error: (any Error)?) -> SessionError {
        guard let error = error as? ASWebAuthenticationSessionError else {
            let words = error.map { ": \(SessionError.words(of: $0))" } ?? ""
            return .signInFailed(
                code: "web_authentication_failed", message: "the browser sheet could not be shown\(words)")
        }
        if error.code == .canceledLogin { return SheetCallback.meaningOfCancellation(error.errorUserInfo) }
        if [.presentationContextInvalid, .presentationContextNotProvided].contains(error.code) {
            return .argumentInvalid(
                argument: "anchor", message: "the browser sheet needs a window that is on the screen")
        }
        return .signInFailed(
            code: "web_authentication_failed", message: "the browser sheet failed (\(error.code.rawValue))")
    }
}

extension SystemWebAuthenticator: ASWebAuthenticationPresentationContextProviding {
    /// The window to show the page over.
    public func presentationAnchor(for session: ASWebAuthenticationSession) -> ASPresentationAnchor {
        anchor ?? Self.keyWindow ?? ASPresentationAnchor()
    }
}

extension Session {
    /// Signs a user in through the system's browser sheet. Network; persists the session.
    ///
    /// - Parameters:
    ///   - anchor: The window to show the page over; by default the key window.
    ///   - options: The options of this sign-in.
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

/// Shows one browser sheet at a time and waits for its answer. This is the part of ``SystemWebAuthenticator`` that does not
/// depend on the system.
@MainActor
final class SheetPresenter {
    /// Receives the answer, on any thread; the first one counts.
    typealias Answer = @Sendable (Result<URL, any Error>) -> Void

    private var shown: (continuation: CancellableContinuation<URL>, close: @MainActor () -> Void)?

    nonisolated init() {}

    /// Shows a sheet and waits for its answer. A sheet that is already shown is closed, and its caller gets
    /// ``SessionError/signInCancelled``. When the task is cancelled, its sheet is closed.
    ///
    /// - Parameter show: Shows the sheet and returns a closure that closes it.
    func answer(to show: (@escaping Answer) -> @MainActor () -> Void) async throws -> URL {
        if let earlier = shown?.continuation {
            earlier.resume(with: .failure(SessionError.signInCancelled))
            close(earlier)
        }
        let continuation = CancellableContinuation<URL>()
        do {
            let callback = try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation {
                    guard continuation.start($0) else { return }
                    shown = (continuation, show { continuation.resume(with: $0) })
                }
            } onCancel: {
                continuation.resume(with: .failure(CancellationError()))
            }
            if shown?.continuation === continuation { shown = nil }
            return callback
        } catch {
            // If the task was cancelled, the sheet is still shown.
            close(continuation)
            throw error
        }
    }

    /// Closes the sheet of that caller, but not a sheet that has replaced it.
    private func close(_ continuation: CancellableContinuation<URL>) {
        guard let shown, shown.continuation === continuation else { return }
        self.shown = nil
        shown.close()
    }
}

/// The part of a redirect URI that the browser sheet waits for.
enum SheetCallback: Equatable {
    case scheme(String)
    case https(host: String, path: String)

    /// - Parameter systemKnowsHTTPS: Whether the system can wait for an `https` URL. An older system takes `https` for a
    ///   custom scheme, and its sheet then stays on the screen forever.
    init(_ redirectURI: URL, systemKnowsHTTPS: Bool) throws {
        guard let parts = URLComponents(url: redirectURI, resolvingAgainstBaseURL: false), let scheme = parts.scheme
        else {
            throw Self.unusable("is not a URL with a scheme")
        }
        switch scheme.lowercased() {
        case "https":
            guard systemKnowsHTTPS else {
                throw Self.unusable(
                    "is an https URL, to which the browser sheet returns from iOS 17.4 and macOS 14.4 on; this system is "
                        + "older and needs a redirect URI with the app's own scheme, such as com.example.app://callback"
                )
            }
            guard let host = parts.host, !host.isEmpty else { throw Self.unusable("has no host") }
            // Not `URL.path`, which drops a trailing slash. A browser requests "/" if there is no path.
            self = .https(host: host, path: parts.path.isEmpty ? "/" : parts.path)
        case "http":
            throw Self.unusable(
                "is an http URL, to which the browser sheet cannot return; it needs the app's own scheme, such as "
                    + "com.example.app://callback")
        default:
            self = .scheme(scheme)
        }
    }

    /// The system reports a missing associated domain as if the user had closed the page; only `userInfo` shows the difference.
    static func meaningOfCancellation(_ userInfo: [String: Any]) -> SessionError {
        guard userInfo.values.contains(where: { ($0 as? String)?.contains("webcredentials") ?? false }) else {
            return .signInCancelled
        }
        return unusable(
            "is an https URL whose host is not associated with this app: add webcredentials: and the host to the app's "
                + "Associated Domains, and the app's identifier to the host's /.well-known/apple-app-site-association")
    }

    private static func unusable(_ why: String) -> SessionError {
        .configurationInvalid(field: "redirectURI", message: "redirectURI \(why)")
    }
}
