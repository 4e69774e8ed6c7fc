import Pilotlight
import SampleKit
import SwiftUI

/// The history of the session's states and events. It shows no token, not even a part of one.
struct InspectorView: View {
    let session: Session
    let history: History

    var body: some View {
        List {
            Section("Configuration") {
                LabeledContent("Client ID", value: session.configuration.clientID)
                LabeledContent("Redirect URI", value: session.configuration.redirectURI)
                LabeledContent("Scopes", value: session.configuration.scopes.joined(separator: " "))
            }
            .textSelection(.enabled)
            Section("Since the Start") {
                LabeledContent("Renewals", value: String(session.counters.renewals))
                LabeledContent("Requests", value: String(session.counters.requests))
            }
            Section("States and Events") {
                ForEach(history.entries) { entry in
                    HStack(alignment: .top) {
                        MomentLabel(moment: entry.moment)
                        Spacer()
                        Text(entry.date, style: .time).font(.footnote).foregroundStyle(.secondary)
                    }
                    .accessibilityElement(children: .combine)
                }
            }
        }
        .navigationTitle("Session Inspector")
    }
}
