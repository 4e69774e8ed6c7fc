#if canImport(SwiftUI) && canImport(AuthenticationServices) && !os(tvOS)
import SwiftUI

extension View {
    /// Shows this view if a user is signed in, and otherwise another view for the state: a route guard. The session is the
    /// environment's (`\.pilotlightSession`). If it was not read from the store yet, this reads it and shows a progress view
    /// in the meantime. If it cannot be read, this shows why (``SessionError/summary``), and a button to try again; both texts are
    /// keys of the app's string catalogue. If another session is put into the environment, that one is read and shown instead.
    ///
    /// ```swift
    /// OrdersView()
    ///     .requiresSession { state in
    ///         if case .reauthenticationRequired = state { Text("Please sign in again.") }
    ///         if state.requiresSignIn { SignInButton() } else { Text("Unlock the device to go on.") }
    ///     }
    /// ```
    ///
    /// - Parameter otherwise: The view for ``SessionState/signedOut``, ``SessionState/reauthenticationRequired(reason:)``
    ///   and ``SessionState/locked``.
    public func requiresSession<Otherwise: View>(
        @ViewBuilder otherwise: @escaping (SessionState) -> Otherwise
    ) -> some View {
        modifier(SessionRequirement(otherwise: otherwise))
    }

    /// Shows this view if a user is signed in, and otherwise a ``SignInButton``, or a sentence while the device is locked.
    /// Its texts are keys of the app's string catalogue: "Sign In" and "The sign-in cannot be read while the device is locked."
    public func requiresSession() -> some View {
        requiresSession { state in
            switch state {
            case .locked: Text("The sign-in cannot be read while the device is locked.")
            case .signedOut, .signedIn, .reauthenticationRequired: SignInButton()
            }
        }
    }
}

private struct SessionRequirement<Otherwise: View>: ViewModifier {
    let otherwise: (SessionState) -> Otherwise

    @Environment(\.pilotlightSession) private var session
    @State private var shown = RequiredSession()
    @State private var attempts = 0

    func body(content: Content) -> some View {
        Group {
            switch shown.part(for: session) {
            case .progress: ProgressView()
            case .content: content
            case .otherwise(let state): otherwise(state)
            case .failure(let error):
                VStack {
                    Text(LocalizedStringKey(error.summary)).multilineTextAlignment(.center)
                    Button("Try Again") { attempts += 1 }
                }
            }
        }
        .task(id: RequiredSession.Attempt(session: session, number: attempts)) {
            await RequiredSession.follow(session) { shown = $0 }
        }
    }
}
#endif
