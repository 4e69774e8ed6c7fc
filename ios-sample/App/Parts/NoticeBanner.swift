import SampleKit
import SwiftUI

/// What the app says once: that a session was imported, or that something failed without lasting effect.
struct NoticeBanner: View {
    let notice: AppModel.Notice
    let dismiss: @MainActor () -> Void

    var body: some View {
        switch notice {
        case .migrated:
            Banner(
                symbol: "checkmark.circle.fill", color: .green, title: "You are still signed in.",
                message: "The sign-in of this app's earlier version was taken over.", dismiss: dismiss
            ) {}
            .accessibilityIdentifier("notice")
        case .couldNotMigrate:
            Banner(
                symbol: "person.crop.circle.badge.exclamationmark", color: .orange, title: "Please sign in once.",
                message: "The sign-in of this app's earlier version could not be taken over.", dismiss: dismiss
            ) {}
            .accessibilityIdentifier("notice")
        case .browserStillSignedIn(let advice):
            Banner(
                symbol: "globe", color: .orange, title: "You are signed out here, but perhaps not in the browser.",
                message: advice.title, dismiss: dismiss
            ) {}
            .accessibilityIdentifier("notice")
        }
    }
}
