#if canImport(SwiftUI) && canImport(AuthenticationServices) && !os(tvOS)
import SwiftUI

extension View {
    /// Shows this view if a user is signed in, and otherwise another view for the state: a route guard. The session is the
    /// environment's (`\.pilotlightSession`). If it was not read from the store yet, this reads it and shows a progress view
    /// in the meantime.
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
    @State private var state: SessionState?

    func body(content: Content) -> some View {
        Group {
            switch state ?? session?.state {
            case nil: ProgressView()
            case .signedIn: content
            case let state?: otherwise(state)
            }
        }
        .task { await follow() }
    }

    private func follow() async {
        guard let session else {
            state = .signedOut
            return
        }
        let states = session.states
        // The error is ignored, because the state shows its effect: signed out or locked. A later call throws it again.
        if session.state == nil { _ = try? await session.restore() }
        for await reported in states { state = session.state ?? reported }
    }
}
#endif
