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
                    LabeledContent("Client ID", value: session.configuration.clientID)
                    LabeledContent("Redirect URI", value: session.configuration.redirectURI)
                    LabeledContent("Scopes", value: session.configuration.scopes.joined(separator: " "))
                }
                .textSelection(.enabled)
            }
            history("States", model.states) { StateLabel(state: $0) }
            history("Events", model.events) { EventLabel(event: $0) }
        }
        .navigationTitle("Session Inspector")
    }

    private func history<Item, Content: View>(
        _ title: LocalizedStringKey, _ history: History<Item>, @ViewBuilder content: @escaping (Item) -> Content
    ) -> some View {
        Section(title) {
            ForEach(history.entries) { entry in
                HStack(alignment: .top) {
                    content(entry.item)
                    Spacer()
                    Text(entry.date, style: .time).font(.footnote).foregroundStyle(.secondary)
                }
                .accessibilityElement(children: .combine)
            }
            if history.entries.isEmpty {
                Label("Nothing Happened Yet", systemImage: "clock").foregroundStyle(.secondary)
            }
        }
    }
}
