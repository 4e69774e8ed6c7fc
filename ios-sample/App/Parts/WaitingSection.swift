import Pilotlight
import SampleKit
import SwiftUI

/// The changes that wait for the network: what each will change, since when it waits, and a button to cancel it.
struct WaitingSection: View {
    let editor: MetadataEditor
    /// The form's titles for keys; a key without a title is shown as it is.
    let titles: [String: LocalizedStringKey]

    var body: some View {
        Section {
            ForEach(editor.pending) { change in
                HStack {
                    VStack(alignment: .leading, spacing: 4) {
                        ForEach(change.changes.keys.sorted(), id: \.self) { key in
                            LabeledContent {
                                value(change.changes[key])
                            } label: {
                                titles[key].map { Text($0) } ?? Text(verbatim: key)
                            }
                        }
                        Text(change.since, format: .relative(presentation: .named))
                            .font(.caption).foregroundStyle(.secondary)
                    }
                    .accessibilityElement(children: .combine)
                    Button("Take Back", systemImage: "arrow.uturn.backward.circle") {
                        Task { await editor.cancel(change.id) }
                    }
                    .labelStyle(.iconOnly).buttonStyle(.borderless)
                    .accessibilityIdentifier("waiting.cancel")
                }
            }
            Button("Send Now", systemImage: "paperplane") { Task { await editor.load() } }
                .accessibilityIdentifier("waiting.send")
        } header: {
            Text("Waiting for the Network")
        } footer: {
            editor.delivery == .stillWaiting
                ? Text("There is still no connection. Nothing is lost.")
                : Text("They are sent in order as soon as there is a connection, also after the next launch.")
        }
        .disabled(editor.isWorking)
    }

    private func value(_ value: SessionJSON?) -> Text {
        switch value {
        case nil, .null: Text("Removed")
        case .bool(let flag): flag ? Text("On") : Text("Off")
        case let value?: Text(verbatim: value.text)
        }
    }
}
