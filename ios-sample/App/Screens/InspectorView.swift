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
            }
            Section("States") {
                ForEach(model.history.entries) { entry in
                    HStack {
                        StateLabel(state: entry.state)
                        Spacer()
                        Text(entry.date, style: .time).font(.footnote).foregroundStyle(.secondary)
                    }
                    .accessibilityElement(children: .combine)
                }
            }
        }
        .overlay {
            if model.history.entries.isEmpty {
                ContentUnavailableView("Nothing Happened Yet", systemImage: "clock")
            }
        }
        .navigationTitle("Session Inspector")
        .accessibilityIdentifier("inspector.list")
    }
}

/// A state by its name and a symbol, never by a colour alone.
struct StateLabel: View {
    let state: SessionState

    var body: some View {
        switch state {
        case .signedIn: Label("Signed In", systemImage: "checkmark.circle.fill")
        case .signedOut: Label("Signed Out", systemImage: "circle")
        case .locked: Label("Locked", systemImage: "lock.fill")
        case .reauthenticationRequired: Label("Sign-In Needed", systemImage: "exclamationmark.circle.fill")
        }
    }
}
