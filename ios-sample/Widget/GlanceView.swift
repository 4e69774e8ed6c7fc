import Pilotlight
import SwiftUI
import WidgetKit

/// One glance, as a small widget.
struct GlanceView: View {
    let glance: Glance

    var body: some View {
        VStack(alignment: .leading, spacing: 8) {
            Image(systemName: symbol).font(.title2).foregroundStyle(.tint).accessibilityHidden(true)
            Spacer()
            // The lock screen hides the name.
            title.font(.headline).privacySensitive()
            if case .signedIn(_, let date) = glance.state {
                // A time and not a countdown, so that it stays true if the widget is drawn late.
                VStack(alignment: .leading) {
                    Text("Token good until")
                    Text(date, style: .time)
                }
                .font(.caption)
                .foregroundStyle(.secondary)
            }
            if let fault = glance.fault { Text(verbatim: fault).font(.caption).foregroundStyle(.secondary) }
        }
        .frame(maxWidth: .infinity, alignment: .leading)
        .accessibilityElement(children: .combine)
    }

    private var title: Text {
        switch glance.state {
        case .signedIn: glance.name.map { Text(verbatim: $0) } ?? Text("Signed In")
        case .signedOut: Text("Signed Out")
        case .reauthenticationRequired: Text("Please sign in again")
        case .locked: Text("Locked")
        case nil: Text("Open the app")
        }
    }

    private var symbol: String {
        switch glance.state {
        case .signedIn: "flame.fill"
        case .signedOut: "flame"
        case .reauthenticationRequired: "exclamationmark.circle"
        case .locked: "lock.fill"
        case nil: "arrow.up.forward.app"
        }
    }
}

/// Every glance, as the widget shows it.
struct GlancePreviews: PreviewProvider {
    static var previews: some View {
        let signedIn = SessionState.signedIn(subject: "auth0|ada", expiresAt: Date().addingTimeInterval(3600))
        GlanceView(glance: Glance(state: signedIn, name: "Ada Lovelace")).glancePreview("signed in")
        GlanceView(glance: Glance(state: .signedOut)).glancePreview("signed out")
        GlanceView(glance: Glance(state: .reauthenticationRequired(reason: .refreshTokenRejected)))
            .glancePreview("sign in again")
        GlanceView(glance: Glance(state: .locked)).glancePreview("locked")
        GlanceView(glance: Glance(state: nil)).glancePreview("never opened")
        GlanceView(glance: Glance(state: nil, fault: SessionError.storageFailed(status: -34018, message: "").summary))
            .glancePreview("unavailable")
    }
}

extension View {
    fileprivate func glancePreview(_ name: String) -> some View {
        containerBackground(.background, for: .widget)
            .previewContext(WidgetPreviewContext(family: .systemSmall))
            .previewDisplayName(name)
    }
}
