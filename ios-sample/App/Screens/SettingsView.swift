import Pilotlight
import SampleKit
import SwiftUI

/// Which issuer, which client, and how the session is kept.
struct SettingsView: View {
    let model: AppModel
    @State private var draft: AppSettings
    @Environment(\.dismiss) private var dismiss

    init(model: AppModel) {
        self.model = model
        _draft = State(initialValue: model.settings)
    }

    var body: some View {
        NavigationStack {
            Form {
                issuer
                signIn
                storage
            }
            .navigationTitle("Settings")
            .toolbar {
                ToolbarItem(placement: .cancellationAction) { Button("Cancel") { dismiss() } }
                ToolbarItem(placement: .confirmationAction) {
                    Button("Save") { Task { await save() } }.accessibilityIdentifier("settings.save")
                }
            }
        }
    }

    private var issuer: some View {
        Section {
            Picker("Provider", selection: $draft.issuer) {
                Text("Auth0").tag(AppSettings.Issuer.auth0)
                Text("OpenID Connect").tag(AppSettings.Issuer.openIDConnect)
            }
            PlainField(
                draft.issuer == .auth0 ? "Domain" : "Issuer URL", text: $draft.address, identifier: "settings.address")
            PlainField("Client ID", text: $draft.clientID, identifier: "settings.client-id")
            PlainField("Redirect URI", text: $draft.redirectURI, identifier: "settings.redirect-uri")
            if draft.issuer == .auth0 { Toggle("Ask for Metadata", isOn: $draft.metadataAccess) }
        } header: {
            Text("Issuer")
        } footer: {
            Text("Another issuer or client has its own session. The one that you leave stays signed in.")
        }
    }

    private var signIn: some View {
        Section {
            Toggle("Private Browser", isOn: $draft.isEphemeral).accessibilityIdentifier("settings.private-browser")
        } header: {
            Text("Sign-In")
        } footer: {
            Text("A private browser shares no cookies: there is no single sign-on, and nothing to sign out of.")
        }
    }

    private var storage: some View {
        Section {
            Picker("Readable", selection: $draft.accessibility) {
                ForEach(classes(deprecated: false)) { Text($0.title).tag($0) }
                Section("Deprecated by Apple") {
                    ForEach(classes(deprecated: true)) { Text($0.title).tag($0) }
                }
            }
            .accessibilityIdentifier("settings.accessibility")
            Toggle("Ask for Face ID", isOn: $draft.biometricLock).accessibilityIdentifier("settings.face-id")
            Toggle("Sync with iCloud Keychain", isOn: $draft.isSynchronizable)
                .accessibilityIdentifier("settings.synchronizable")
            Toggle("Forget After Reinstalling", isOn: $draft.forgetsAfterReinstall)
                .accessibilityIdentifier("settings.reinstall")
        } header: {
            Text("Keychain")
        } footer: {
            VStack(alignment: .leading, spacing: 8) {
                Text(
                    "With Face ID the session is renewed only while the app is in front, and the widget cannot read it."
                )
                Text("A simulator switches access control off: nobody is asked there.")
                Text(
                    "Sync only where the issuer does not rotate refresh tokens, and with a class that may leave this device."
                )
            }
        }
    }

    private func classes(deprecated: Bool) -> [AppSettings.Accessibility] {
        AppSettings.Accessibility.allCases.filter { $0.isDeprecated == deprecated }
    }

    private func save() async {
        dismiss()
        await model.apply(draft)
    }
}

extension AppSettings.Accessibility {
    fileprivate var title: LocalizedStringKey {
        switch self {
        case .afterFirstUnlockThisDeviceOnly: "After First Unlock, This Device"
        case .afterFirstUnlock: "After First Unlock"
        case .whenUnlockedThisDeviceOnly: "When Unlocked, This Device"
        case .whenUnlocked: "When Unlocked"
        case .whenPasscodeSetThisDeviceOnly: "With a Passcode, This Device"
        case .alwaysThisDeviceOnly: "Always, This Device"
        case .always: "Always"
        }
    }
}
