import Pilotlight
import SampleKit
import SwiftUI
import UIKit

/// A card that says what happened and what to do, with buttons. Its texts are catalogue keys. VoiceOver announces it.
struct Banner<Actions: View>: View {
    let symbol: String
    var color = Color.orange
    let title: String
    let message: String
    var dismiss: (@MainActor () -> Void)?
    @ViewBuilder let actions: Actions

    var body: some View {
        HStack(alignment: .top, spacing: 12) {
            Image(systemName: symbol).foregroundStyle(color).accessibilityHidden(true)
            VStack(alignment: .leading, spacing: 8) {
                VStack(alignment: .leading, spacing: 4) {
                    Text(LocalizedStringKey(title)).font(.headline)
                    Text(LocalizedStringKey(message)).font(.subheadline).foregroundStyle(.secondary)
                }
                .accessibilityElement(children: .combine)
                actions
            }
            Spacer(minLength: 0)
            if let dismiss {
                Button("Dismiss", systemImage: "xmark", action: dismiss)
                    .labelStyle(.iconOnly).buttonStyle(.borderless)
                    // Large enough for a finger.
                    .frame(minWidth: 44, minHeight: 44)
            }
        }
        .padding(12)
        .background(.regularMaterial, in: RoundedRectangle(cornerRadius: 12))
        .accessibilityElement(children: .contain)
        .onAppear {
            let spoken = String(localized: String.LocalizationValue(title))
            UIAccessibility.post(notification: .announcement, argument: spoken)
        }
    }
}

/// An error: what happened and what to do, shown above the content that is still available.
struct ErrorBanner: View {
    let error: SessionError
    var isOffline = false
    /// The action of "Try Again", if repeating the call can help.
    var retry: (@MainActor () async -> Void)?
    var dismiss: (@MainActor () -> Void)?
    @Environment(\.pilotlightSession) private var session
    @State private var factor: SecondFactor?

    var body: some View {
        Banner(
            symbol: isOffline ? "wifi.slash" : "exclamationmark.triangle.fill", title: error.summary,
            message: error.suggestion, dismiss: dismiss
        ) {
            if let detail = error.detail { DetailText(detail: detail) }
            if isOffline { Text("This is what was loaded last.").font(.footnote) }
            if case .mfaRequired(let challenge, _) = error, let session {
                Button("Confirm") { factor = SecondFactor(session, for: challenge) }
                    .buttonStyle(.borderless).accessibilityIdentifier("advice.confirm")
                    .sheet(item: $factor) { SecondFactorView(factor: $0) { await retry?() } }
            }
            if let retry, error.canRetry {
                Button("Try Again") { Task { await retry() } }
                    .buttonStyle(.borderless)
            }
        }
    }
}

/// A notice that the app shows once.
struct NoticeBanner: View {
    let model: AppModel

    var body: some View {
        switch model.notice {
        case .migrated:
            banner(
                "checkmark.circle.fill", "You are still signed in.",
                "The sign-in of this app's earlier version was taken over.", color: .green)
        case .couldNotMigrate:
            banner(
                "person.crop.circle.badge.exclamationmark", "Please sign in once.",
                "The sign-in of this app's earlier version could not be taken over.")
        case .browserStillSignedIn(let error):
            banner("globe", "You are signed out here, but perhaps not in the browser.", error.summary)
        case nil: EmptyView()
        }
    }

    private func banner(_ symbol: String, _ title: String, _ message: String, color: Color = .orange) -> some View {
        Banner(symbol: symbol, color: color, title: title, message: message, dismiss: { model.notice = nil }) {}
            .padding(.horizontal)
    }
}

/// A list row that looks like a separate card, without the list's background.
struct BannerRow<Content: View>: View {
    @ViewBuilder let content: Content

    var body: some View {
        Section { content.listRowInsets(EdgeInsets()).listRowBackground(Color.clear) }
    }
}

/// A detail for developers: a code or a field, not localized. For a bug in the SDK it may be long.
struct DetailText: View {
    let detail: String

    var body: some View {
        Text(verbatim: detail).font(.caption.monospaced()).foregroundStyle(.secondary)
            .lineLimit(8).textSelection(.enabled)
    }
}
