import Pilotlight
import SampleKit
import SwiftUI

/// The session is there or not, which is not known until the device is unlocked; or it is there, behind the app's own lock.
struct LockedView: View {
    let model: AppModel

    var body: some View {
        NoSession(title: "Locked", symbol: "lock.fill", identifier: "locked") {
            Text("Your session is protected. Unlock it to go on; you are not signed out.")
            // After a dialogue that was cancelled, or a face that was not recognised.
            if let error = model.session?.error { Text(LocalizedStringKey(error.summary)) }
        } actions: {
            Button("Unlock") { Task { await model.unlock() } }
                .disabled(model.session?.isBusy ?? true)
            // The way out where nobody is recognised.
            if model.isLocked {
                Button("Sign Out", role: .destructive) { Task { await model.signOut() } }.buttonStyle(.borderless)
            }
        }
    }
}

extension View {
    /// Covered while the app is locked. What is behind stays as it is: what was typed, and a new recovery code in a sheet.
    func lockable(by model: AppModel) -> some View {
        allowsHitTesting(!model.isLocked).accessibilityHidden(model.isLocked)
            .overlay { if model.isLocked { LockedView(model: model) } }
    }
}

/// There is no session to show: what happened, and the one thing that helps.
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

/// In the middle of the screen, and scrolling where the type is too large for that.
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
