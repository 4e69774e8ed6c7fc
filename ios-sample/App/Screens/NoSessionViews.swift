import Pilotlight
import SampleKit
import SwiftUI

/// Shown until the device is unlocked, because only then it is known whether there is a session; or for the app's own lock.
struct LockedView: View {
    let model: AppModel

    var body: some View {
        NoSession(title: "Locked", symbol: "lock.fill", identifier: "locked") {
            Text("Your session is protected. Unlock it to go on; you are not signed out.")
            // Why the last attempt failed: the user cancelled the dialogue, or was not recognised.
            if let error = model.session?.error { Text(LocalizedStringKey(error.summary)) }
        } actions: {
            Button("Unlock") { Task { await model.unlock() } }
                .disabled(model.session?.isBusy ?? true)
            // A way out if the user cannot be recognised.
            if model.isLocked {
                Button("Sign Out", role: .destructive) { Task { await model.signOut() } }.buttonStyle(.borderless)
            }
        }
    }
}

extension View {
    /// Covers the view while the app is locked. The view behind keeps its state, such as typed text or a new recovery code.
    func lockable(by model: AppModel) -> some View {
        allowsHitTesting(!model.isLocked).accessibilityHidden(model.isLocked)
            .overlay { if model.isLocked { LockedView(model: model) } }
    }
}

/// Shown if there is no session: what happened, and the one action that helps.
struct UnavailableView: View {
    let model: AppModel
    let error: SessionError
    let openSettings: @MainActor () -> Void

    var body: some View {
        NoSession(
            title: LocalizedStringKey(error.summary), symbol: "exclamationmark.triangle", identifier: "unavailable"
        ) {
            Text(LocalizedStringKey(error.suggestion))
            if let detail = error.detail { DetailText(detail: detail) }
        } actions: {
            if case .configurationInvalid = error {
                Button("Open Settings", action: openSettings)
            } else {
                Button("Try Again") { Task { await model.start() } }
            }
        }
    }
}

/// A layout in the middle of the screen, which scrolls if the type is too large to fit.
private struct NoSession<Explanation: View, Actions: View>: View {
    let title: LocalizedStringKey
    let symbol: String
    let identifier: String
    @ViewBuilder let explanation: Explanation
    @ViewBuilder let actions: Actions

    var body: some View {
        ViewThatFits(in: .vertical) {
            content
            ScrollView { content }
        }
        .frame(maxWidth: .infinity, maxHeight: .infinity).background(.background)
        .accessibilityElement(children: .contain)
        .accessibilityIdentifier(identifier)
    }

    private var content: some View {
        ContentUnavailableView {
            Label(title, systemImage: symbol)
        } description: {
            VStack(spacing: 8) { explanation }
        } actions: {
            actions.buttonStyle(.borderedProminent)
        }
    }
}
