import SampleKit
import SwiftUI
import WidgetKit

/// One glance, in a small square.
struct GlanceView: View {
    let glance: SessionGlance

    var body: some View {
        VStack(alignment: .leading, spacing: 8) {
            Image(systemName: symbol).font(.title2).foregroundStyle(.tint).accessibilityHidden(true)
            Spacer()
            // A locked screen shows no name.
            title.font(.headline).privacySensitive()
            if case .signedIn(_, let date) = glance {
                // A moment, not a countdown: it stays true when the widget is drawn late.
                VStack(alignment: .leading) {
                    Text("Token good until")
                    Text(date, style: .time)
                }
                .font(.caption)
                .foregroundStyle(.secondary)
            }
        }
        .frame(maxWidth: .infinity, alignment: .leading)
        .accessibilityElement(children: .combine)
    }

    private var title: Text {
        switch glance {
        case .signedIn(let name?, _): Text(verbatim: name)
        case .signedIn: Text("Signed In")
        case .signedOut: Text("Signed Out")
        case .signInAgain: Text("Please sign in again")
        case .locked: Text("Locked")
        case .unavailable: Text("Open the app")
        }
    }

    private var symbol: String {
        switch glance {
        case .signedIn: "flame.fill"
        case .signedOut: "flame"
        case .signInAgain: "exclamationmark.circle"
        case .locked: "lock.fill"
        case .unavailable: "arrow.up.forward.app"
        }
    }
}

/// Every glance, as the widget shows it.
struct GlancePreviews: PreviewProvider {
    static var previews: some View {
        GlanceView(glance: .signedIn(name: "Ada Lovelace", until: Date().addingTimeInterval(3600)))
            .glancePreview("signed in")
        GlanceView(glance: .signedOut).glancePreview("signed out")
        GlanceView(glance: .signInAgain).glancePreview("sign in again")
        GlanceView(glance: .locked).glancePreview("locked")
        GlanceView(glance: .unavailable).glancePreview("unavailable")
    }
}

extension View {
    fileprivate func glancePreview(_ name: String) -> some View {
        containerBackground(.background, for: .widget)
            .previewContext(WidgetPreviewContext(family: .systemSmall))
            .previewDisplayName(name)
    }
}
