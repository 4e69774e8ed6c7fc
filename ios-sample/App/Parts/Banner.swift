import SwiftUI
import UIKit

/// A card above a screen's content: what happened, what to do, and buttons for that. VoiceOver says it when it comes.
struct Banner<Actions: View>: View {
    let symbol: String
    let color: Color
    let title: LocalizedStringKey
    let message: LocalizedStringKey
    let spoken: String
    var dismiss: (@MainActor () -> Void)?
    @ViewBuilder let actions: Actions

    var body: some View {
        HStack(alignment: .top, spacing: 12) {
            Image(systemName: symbol).foregroundStyle(color).accessibilityHidden(true)
            VStack(alignment: .leading, spacing: 8) {
                VStack(alignment: .leading, spacing: 4) {
                    Text(title).font(.headline)
                    Text(message).font(.subheadline).foregroundStyle(.secondary)
                }
                .accessibilityElement(children: .combine)
                actions
            }
            Spacer(minLength: 0)
            if let dismiss {
                Button("Dismiss", systemImage: "xmark", action: dismiss)
                    .labelStyle(.iconOnly)
                    .buttonStyle(.borderless)
                    // As large as a finger.
                    .frame(minWidth: 44, minHeight: 44)
                    .accessibilityIdentifier("banner.dismiss")
            }
        }
        .padding(12)
        .background(.regularMaterial, in: RoundedRectangle(cornerRadius: 12))
        .accessibilityElement(children: .contain)
        .onAppear { UIAccessibility.post(notification: .announcement, argument: spoken) }
    }

    init(
        symbol: String, color: Color, title: String, message: String, dismiss: (@MainActor () -> Void)? = nil,
        @ViewBuilder actions: () -> Actions
    ) {
        self.symbol = symbol
        self.color = color
        self.title = LocalizedStringKey(title)
        self.message = LocalizedStringKey(message)
        spoken = String(localized: String.LocalizationValue(title))
        self.dismiss = dismiss
        self.actions = actions()
    }
}

/// A row that is a separate card, without the list's background.
struct BannerRow<Content: View>: View {
    @ViewBuilder let content: Content

    var body: some View {
        Section {
            content.listRowInsets(EdgeInsets()).listRowBackground(Color.clear)
        }
    }
}
