import Pilotlight
import SampleKit
import SwiftUI

/// The changes that wait for the network: what each will change, since when it waits, and a way to take it back.
struct WaitingSection: View {
    let editor: MetadataEditor
    /// What the form calls a key; one that it does not have is shown as it is.
    let titles: [String: LocalizedStringKey]

    var body: some View {
        Section {
            ForEach(editor.pending) { change in
                HStack {
                    VStack(alignment: .leading, spacing: 4) {
                        ForEach(change.lines) { line in
                            LabeledContent {
                                value(line)
                            } label: {
                                titles[line.id].map { Text($0) } ?? Text(verbatim: line.id)
                            }
                        }
                        Text(change.since, format: .relative(presentation: .named))
                            .font(.caption)
                            .foregroundStyle(.secondary)
                    }
                    .accessibilityElement(children: .combine)
                    Button("Take Back", systemImage: "arrow.uturn.backward.circle") {
                        Task { await editor.cancel(change.id) }
                    }
                    .labelStyle(.iconOnly)
                    .buttonStyle(.borderless)
                    .accessibilityIdentifier("waiting.cancel")
                }
            }
            Button("Send Now", systemImage: "paperplane") { Task { await editor.sendPending() } }
                .accessibilityIdentifier("waiting.send")
        } header: {
            Text("Waiting for the Network")
        } footer: {
            footer
        }
        .disabled(editor.isWorking)
    }

    private func value(_ line: PendingMetadataUpdate.Line) -> Text {
        switch line.value {
        case .text(let text): Text(verbatim: text)
        case .flag(let flag): flag ? Text("On") : Text("Off")
        case .removed: Text("Removed")
        }
    }

    private var footer: Text {
        editor.delivery == .stillWaiting
            ? Text("There is still no connection. Nothing is lost.")
            : Text("They are sent in order as soon as there is a connection, also after the next launch.")
    }
}

/// What became of the changes that waited.
struct DeliveryLabel: View {
    let delivery: MetadataEditor.Delivery

    var body: some View {
        switch delivery {
        case .sent: Label("What waited was sent.", systemImage: "checkmark.circle")
        case .refused:
            Label("The issuer refused a change that waited; it is gone.", systemImage: "exclamationmark.triangle")
        case .stillWaiting: EmptyView()
        }
    }
}
