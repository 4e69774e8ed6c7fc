import Foundation

#if canImport(AuthenticationServices) && !os(tvOS)
import AuthenticationServices

/// The system's browser sheet: `ASWebAuthenticationSession`.
///
/// **An `https` redirect URI** needs iOS 17.4 or macOS 14.4, and an associated domain: the app's entitlement
/// `com.apple.developer.associated-domains` has `webcredentials:` with the URI's host, and that host serves
/// `/.well-known/apple-app-site-association` with the app's identifier under `webcredentials` (Apple: "Supporting
/// associated domains"). A redirect URI with a scheme of the app's own, `com.example.app://callback`, needs neither and
/// works on every system.
@MainActor
public final class SystemWebAuthenticator: NSObject, WebAuthenticator {
    private let anchor: ASPresentationAnchor?
    private let ephemeral: Bool
    private let sheet = SheetPresenter()

    /// Shows pages over a window.
    ///
    /// - Parameters:
    ///   - anchor: The window to show the page over; nil takes the window that the user looks at, when the page is shown.
    ///   - ephemeral: True neither reads nor keeps the browser's cookies: no single sign-on, no question before the
    ///     page, and nothing to sign out of in the browser.
    public init(anchor: ASPresentationAnchor? = nil, ephemeral: Bool = false) {
        self.anchor = anchor
        self.ephemeral = ephemeral
    }

    /// Shows the page; see ``WebAuthenticator/authenticate(url:redirectURI:)``. A page that this object already shows is
    /// closed, and its caller gets ``SessionError/signInCancelled``.
    ///
    /// - Throws: ``SessionError/configurationInvalid(field:message:)`` naming `redirectURI` when the system cannot return to
    ///   it: an `https` URI on an older system or without its associated domain; ``SessionError/signInCancelled``;
    ///   ``SessionError/argumentInvalid(argument:message:)`` naming `anchor`;
    ///   ``SessionError/signInFailed(code:message:)``; `CancellationError`.
    public func authenticate(url: URL, redirectURI: URL) async throws -> URL {
        let callback = try SheetCallback(redirectURI, systemKnowsHTTPS: Self.systemKnowsHTTPS)
        return try await sheet.answer { answer in
            // The system calls back on any thread: the closure must not belong to the main actor, or it traps.
            let session = session(url, callback) { @Sendable returned, error in
                answer(returned.map { .success($0) } ?? .failure(Self.meaning(of: error)))
            }
            session?.presentationContextProvider = self
            session?.prefersEphemeralWebBrowserSession = ephemeral
            // When it cannot start, the system may call back or not; the first answer counts.
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
    ///   - anchor: The window to show the page over; left out, the window that the user looks at.
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

/// Shows one browser sheet at a time and waits for its answer: the part of ``SystemWebAuthenticator`` that does not
/// depend on the system.
@MainActor
final class SheetPresenter {
    /// Takes the answer, on any thread; the first counts.
    typealias Answer = @Sendable (Result<URL, any Error>) -> Void

    private var shown: (continuation: CancellableContinuation<URL>, close: @MainActor () -> Void)?

    nonisolated init() {}

    /// Shows a sheet and waits for its answer. A sheet that is shown already is closed, and its caller gets
    /// ``SessionError/signInCancelled``. When the task is cancelled, its sheet is closed.
    ///
    /// - Parameter show: Shows the sheet and returns what closes it.
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
            // Also when the task was cancelled, with the sheet still there.
            close(continuation)
            throw error
        }
    }

    /// Closes the sheet of that caller, and not one that came after it.
    private func close(_ continuation: CancellableContinuation<URL>) {
        guard let shown, shown.continuation === continuation else { return }
        self.shown = nil
        shown.close()
    }
}

/// How the browser sheet sees that the issuer is done: the part of a redirect URI that it waits for.
enum SheetCallback: Equatable {
    case scheme(String)
    case https(host: String, path: String)

    /// - Parameter systemKnowsHTTPS: Whether the system can wait for an `https` URL. An older one takes `https` for a
    ///   scheme, and its sheet then stays on the screen for ever.
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
            // Not `URL.path`, which drops a slash at the end. A browser asks for "/" where there is no path.
            self = .https(host: host, path: parts.path.isEmpty ? "/" : parts.path)
        case "http":
            throw Self.unusable(
                "is an http URL, to which the browser sheet cannot return; it needs the app's own scheme, such as "
                    + "com.example.app://callback")
        default:
            self = .scheme(scheme)
        }
    }

    /// The system reports a missing associated domain as if the user had closed the page, and says more beside it.
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
