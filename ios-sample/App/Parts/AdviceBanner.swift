import SampleKit
import SwiftUI

/// What happened and what to do, above what is still there.
struct AdviceBanner: View {
    let advice: Advice
    var isOffline = false
    var dismiss: (@MainActor () -> Void)?

    var body: some View {
        HStack(alignment: .top, spacing: 12) {
            Image(systemName: isOffline ? "wifi.slash" : "exclamationmark.triangle.fill")
                .foregroundStyle(.orange)
                .accessibilityHidden(true)
            VStack(alignment: .leading, spacing: 4) {
                // The SDK's sentences are keys of the string catalogue.
                Text(LocalizedStringKey(advice.title)).font(.headline)
                Text(LocalizedStringKey(advice.suggestion)).font(.subheadline).foregroundStyle(.secondary)
                if isOffline { Text("This is what was loaded last.").font(.footnote) }
            }
            .accessibilityElement(children: .combine)
            Spacer()
            if let dismiss {
                Button("Dismiss", systemImage: "xmark", action: dismiss)
                    .labelStyle(.iconOnly)
                    .buttonStyle(.borderless)
            }
        }
        .padding(12)
        .background(.regularMaterial, in: RoundedRectangle(cornerRadius: 12))
        .accessibilityElement(children: .contain)
        .accessibilityIdentifier("advice")
    }

    init(advice: Advice, isOffline: Bool = false, dismiss: (@MainActor () -> Void)? = nil) {
        self.advice = advice
        self.isOffline = isOffline
        self.dismiss = dismiss
    }
}
