import Pilotlight
import SampleKit
import SwiftUI

/// What the session went through. No token is shown, not even a part of one.
struct InspectorView: View {
    let model: AppModel

    var body: some View {
        List {
            if let session = model.session?.session {
                Section("Configuration") {
                    LabeledContent("Client ID", value: session.configuration.clientId)
                    LabeledContent("Redirect URI", value: session.configuration.redirectUri)
                    LabeledContent("Scopes", value: session.configuration.scopes.joined(separator: " "))
                }
                .textSelection(.enabled)
            }
            Section("States") {
                ForEach(model.history.entries) { entry in
                    HStack(alignment: .top) {
                        StateLabel(state: entry.state)
                        Spacer()
                        Text(entry.date, style: .time).font(.footnote).foregroundStyle(.secondary)
                    }
                    .accessibilityElement(children: .combine)
                }
                if model.history.entries.isEmpty {
                    Label("Nothing Happened Yet", systemImage: "clock").foregroundStyle(.secondary)
                }
            }
        }
        .navigationTitle("Session Inspector")
    }
}
