import SampleKit
import SwiftUI

/// One glance, in a small square.
struct GlanceView: View {
    let glance: SessionGlance

    var body: some View {
        VStack(alignment: .leading, spacing: 8) {
            Image(systemName: symbol).font(.title2).foregroundStyle(.tint).accessibilityHidden(true)
            Spacer()
            title.font(.headline)
            if case .signedIn(_, let date) = glance {
                Text(date, style: .relative).font(.caption).foregroundStyle(.secondary)
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
