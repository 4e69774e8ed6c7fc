#if canImport(SwiftUI) && canImport(AuthenticationServices) && !os(tvOS)
import SwiftUI

/// A button that signs a user in through the system's browser sheet, with the session of the environment
/// (`\.pilotlightSession`) or with one that is passed.
///
/// ```swift
/// SignInButton("Sign In") { error in message = error.localizedDescription }
/// ```
///
/// It is disabled while a sign-in is under way. A sign-in that the user cancelled is no error.
public struct SignInButton: View {
    private let title: LocalizedStringKey
    private let passed: Session?
    private let options: SignInOptions
    private let ephemeral: Bool
    private let onError: @MainActor (SessionError) -> Void

    @Environment(\.pilotlightSession) private var ofEnvironment
    @State private var isBusy = false

    /// A button.
    ///
    /// - Parameters:
    ///   - title: What it says; a key of the app's string catalogue.
    ///   - session: The session to sign in to; left out, the environment's.
    ///   - options: What to ask of the sign-in.
    ///   - ephemeral: True neither reads nor keeps the browser's cookies.
    ///   - onError: Gets the error of a sign-in that failed.
    public init(
        _ title: LocalizedStringKey = "Sign In", session: Session? = nil, options: SignInOptions = SignInOptions(),
        ephemeral: Bool = false, onError: @escaping @MainActor (SessionError) -> Void = { _ in }
    ) {
        self.title = title
        passed = session
        self.options = options
        self.ephemeral = ephemeral
        self.onError = onError
    }

    /// The button.
    public var body: some View {
        Button(title) { Task { await signIn() } }
            .disabled(isBusy || session == nil)
    }

    private var session: Session? { passed ?? ofEnvironment }

    private func signIn() async {
        guard let session, !isBusy else { return }
        isBusy = true
        defer { isBusy = false }
        do {
            try await session.signIn(options: options, ephemeral: ephemeral)
        } catch let error as SessionError where error != .signInCancelled {
            onError(error)
        } catch {
            // Cancelled, by the user or with the task.
        }
    }
}
#endif
