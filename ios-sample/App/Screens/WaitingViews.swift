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

/// The session is there or not; it is not known which until the device is unlocked or its owner has shown who they are.
struct LockedView: View {
    let model: AppModel

    var body: some View {
        ScrollingWhereNeeded {
            explanation
        }
        .accessibilityElement(children: .contain)
        .accessibilityIdentifier("locked")
    }

    private var explanation: some View {
        ContentUnavailableView {
            Label("Locked", systemImage: "lock.fill")
        } description: {
            VStack(spacing: 8) {
                Text("Your session is protected. Unlock it to go on; you are not signed out.")
                // After a dialogue that was cancelled, or a face that was not recognised.
                if let error = model.session?.error, let advice = Advice(error) {
                    Text(LocalizedStringKey(advice.title)).accessibilityIdentifier("locked.reason")
                }
            }
        } actions: {
            Button("Unlock") { Task { await model.start() } }
                .buttonStyle(.borderedProminent)
                .disabled(model.session?.isBusy ?? true)
                .accessibilityIdentifier("unlock")
        }
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
        ScrollingWhereNeeded {
            explanation
        }
        .accessibilityElement(children: .contain)
        .accessibilityIdentifier("unavailable")
    }

    private var explanation: some View {
        ContentUnavailableView {
            Label {
                Text(LocalizedStringKey(advice.title))
            } icon: {
                Image(systemName: "exclamationmark.triangle")
            }
        } description: {
            VStack(spacing: 8) {
                Text(LocalizedStringKey(advice.suggestion))
                if let detail = advice.detail { DetailText(detail: detail) }
            }
        } actions: {
            Button(action: act) { action }
                .buttonStyle(.borderedProminent)
                .accessibilityIdentifier("unavailable.action")
        }
    }
}

/// In the middle of the screen, and scrolling where the type is too large for that.
struct ScrollingWhereNeeded<Content: View>: View {
    @ViewBuilder let content: Content

    var body: some View {
        ViewThatFits(in: .vertical) {
            content
            ScrollView { content }
        }
    }
}
