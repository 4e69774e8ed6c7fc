import Pilotlight
import SampleKit
import SwiftUI

/// While the session is being read: milliseconds, usually, so it says little.
struct LoadingView: View {
    var body: some View {
        ProgressView("Reading your session…")
            .accessibilityIdentifier("loading")
    }
}

/// The session is there or not; nobody knows until the device is unlocked or its owner has shown who they are.
struct LockedView: View {
    let model: AppModel

    var body: some View {
        ContentUnavailableView {
            Label("Locked", systemImage: "lock.fill")
        } description: {
            Text("Your session is protected. Unlock it to go on; you are not signed out.")
        } actions: {
            Button("Unlock") { Task { await model.start() } }
                .buttonStyle(.borderedProminent)
                .disabled(model.session?.isBusy ?? true)
        }
        .accessibilityElement(children: .contain)
        .accessibilityIdentifier("locked")
    }
}

/// There is no session to show: what happened, and the one thing that helps.
struct UnavailableView<Action: View>: View {
    let advice: Advice
    let act: @MainActor () -> Void
    @ViewBuilder let action: Action

    init(advice: Advice, act: @escaping @MainActor () -> Void, @ViewBuilder action: () -> Action) {
        self.advice = advice
        self.act = act
        self.action = action()
    }

    var body: some View {
        ContentUnavailableView {
            Label {
                Text(LocalizedStringKey(advice.title))
            } icon: {
                Image(systemName: "exclamationmark.triangle")
            }
        } description: {
            Text(LocalizedStringKey(advice.suggestion))
        } actions: {
            Button(action: act) { action }
                .buttonStyle(.borderedProminent)
                .accessibilityIdentifier("unavailable.action")
        }
        .accessibilityElement(children: .contain)
        .accessibilityIdentifier("unavailable")
    }
}
