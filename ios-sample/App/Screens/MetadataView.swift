import Pilotlight
import SampleKit
import SwiftUI

/// The part of the profile that the user may change: Auth0's `user_metadata`.
struct MetadataView: View {
    private static let titles: [String: LocalizedStringKey] = [
        "first_name": "First Name", "last_name": "Last Name", "country": "Country", "active": "Active",
    ]

    @State private var editor: MetadataEditor
    @Environment(\.dismiss) private var dismiss

    init(session: Session) {
        _editor = State(initialValue: MetadataEditor(session))
    }

    var body: some View {
        Form {
            if let error = editor.error {
                BannerRow {
                    ErrorBanner(error: error) { if editor.hasLoaded { await save() } else { await editor.load() } }
                }
            }
            switch editor.delivery {
            case .sent: Label("What waited was sent.", systemImage: "checkmark.circle")
            case .refused:
                Label("The issuer refused a change that waited; it is gone.", systemImage: "exclamationmark.triangle")
            case .stillWaiting, nil: EmptyView()
            }
            if !editor.pending.isEmpty { WaitingSection(editor: editor, titles: Self.titles) }
            if editor.hasLoaded {
                Section {
                    field("First Name", "first_name", .givenName)
                    field("Last Name", "last_name", .familyName)
                    field("Country", "country", .countryName)
                    Toggle("Active", isOn: $editor[flag: "active"]).accessibilityIdentifier("metadata.active")
                } footer: {
                    Text("Only what you change is sent. An emptied field is removed.")
                }
                .disabled(editor.isWorking)
            }
        }
        .overlay { if editor.isWorking && !editor.hasLoaded { ProgressView() } }
        .navigationTitle("Edit Profile")
        .toolbar {
            ToolbarItem(placement: .confirmationAction) {
                Button("Save") { Task { await save() } }
                    .disabled(!editor.hasChanges || editor.isWorking)
                    .accessibilityIdentifier("metadata.save")
            }
        }
        .task { if !editor.hasLoaded { await editor.load() } }
    }

    private func field(_ title: LocalizedStringKey, _ name: String, _ content: UITextContentType) -> some View {
        LabeledContent(title) {
            TextField(title, text: $editor[text: name])
                .textContentType(content)
                .multilineTextAlignment(.trailing)
                .accessibilityIdentifier("metadata.\(name)")
        }
    }

    /// Closes the form only if everything was sent, because waiting changes must be visible.
    private func save() async {
        if await editor.save() { dismiss() }
    }
}
