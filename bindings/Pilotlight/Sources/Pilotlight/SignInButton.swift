#if canImport(SwiftUI) && canImport(AuthenticationServices) && !os(tvOS)
import SwiftUI

/// A button that signs a user in through the system's browser sheet, with the environment's session
/// (`\.pilotlightSession`) or with the session that you pass.
///
/// ```swift
/// SignInButton("Sign In") { error in message = error.localizedDescription }
/// ```
///
/// It is disabled while a sign-in is in progress. A sign-in that the user cancels is not an error.
public struct SignInButton: View {
    private let title: LocalizedStringKey
    private let passed: Session?
    private let options: SignInOptions
    private let ephemeral: Bool
    private let onError: @MainActor (SessionError) -> Void

    @Environment(\.pilotlightSession) private var ofEnvironment
    @State private var isBusy = false

    /// Creates a button.
    ///
    /// - Parameters:
    ///   - title: The button's title; a key in the app's string catalogue.
    ///   - session: The session to sign in to; by default the environment's.
    ///   - options: The options of the sign-in.
    ///   - ephemeral: True neither reads nor keeps the browser's cookies.
    ///   - onError: Called with the error of a sign-in that failed.
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
            // The user or the task cancelled the sign-in.
        }
    }
}
#endif
