import Observation
import Pilotlight

/// The sign-in screen: one button, a spinner, and what to say when it did not work.
@MainActor @Observable
public final class SignInFlow {
    /// Where the screen is.
    public enum Phase: Equatable, Sendable {
        /// The button can be pressed.
        case ready
        /// The browser is open, or its answer is being checked.
        case working
        /// It did not work.
        case failed(Advice)
    }

    /// Where the screen is.
    public private(set) var phase = Phase.ready

    private let session: Session

    /// A screen that signs in to `session`.
    public init(_ session: Session) {
        self.session = session
    }

    /// Signs in; a second press while it works does nothing. The session's own state says that it worked.
    public func signIn(using authenticator: some WebAuthenticator, options: SignInOptions = SignInOptions()) async {
        guard phase != .working else { return }
        phase = .working
        do {
            try await session.signIn(using: authenticator, options: options)
            phase = .ready
        } catch {
            phase = Advice.about(error).map(Phase.failed) ?? .ready
        }
    }

    /// Takes the message away.
    public func dismiss() {
        if case .failed = phase { phase = .ready }
    }
}
