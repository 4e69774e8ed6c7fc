import SampleKit
import SwiftUI

/// An error: what happened and what to do, above what is still there. The SDK's sentences are keys of the string
/// catalogue.
struct AdviceBanner: View {
    let advice: Advice
    let isOffline: Bool
    var retry: (@MainActor () async -> Void)?
    var dismiss: (@MainActor () -> Void)?

    var body: some View {
        Banner(
            symbol: isOffline ? "wifi.slash" : "exclamationmark.triangle.fill", color: .orange, title: advice.title,
            message: advice.suggestion, dismiss: dismiss
        ) {
            if let detail = advice.detail { DetailText(detail: detail) }
            if isOffline { Text("This is what was loaded last.").font(.footnote) }
            if let retry, advice.canRetry {
                Button("Try Again") { Task { await retry() } }
                    .buttonStyle(.borderless)
                    .accessibilityIdentifier("advice.retry")
            }
        }
        .accessibilityIdentifier("advice")
    }

    /// - Parameter retry: What "Try Again" does, where doing the same again can help.
    init(
        advice: Advice, isOffline: Bool = false, retry: (@MainActor () async -> Void)? = nil,
        dismiss: (@MainActor () -> Void)? = nil
    ) {
        self.advice = advice
        self.isOffline = isOffline
        self.retry = retry
        self.dismiss = dismiss
    }
}

/// What a developer wants to know: a code or a field, as it is in every language.
struct DetailText: View {
    let detail: String

    var body: some View {
        Text(verbatim: detail)
            .font(.caption.monospaced())
            .foregroundStyle(.secondary)
            // A fault of the SDK's own may tell a long story.
            .lineLimit(8)
            .textSelection(.enabled)
    }
}
