import Pilotlight
import SampleKit
import SwiftUI

/// Settings for the issuer, the client, and how the session is kept.
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
                storage
            }
            .navigationTitle("Settings")
            .toolbar {
                ToolbarItem(placement: .cancellationAction) { Button("Cancel") { dismiss() } }
                ToolbarItem(placement: .confirmationAction) {
                    Button("Save") {
                        dismiss()
                        Task { await model.apply(draft) }
                    }
                }
            }
        }
    }

    private var issuer: some View {
        Section {
            Picker("Provider", selection: $draft.isAuth0) {
                Text("Auth0").tag(true)
                Text("OpenID Connect").tag(false)
            }
            PlainField(
                title: draft.isAuth0 ? "Domain" : "Issuer URL", text: $draft.address, identifier: "settings.address")
            PlainField(title: "Client ID", text: $draft.clientID, identifier: "settings.client-id")
            PlainField(title: "Redirect URI", text: $draft.redirectURI, identifier: "settings.redirect-uri")
            if draft.isAuth0 { Toggle("Ask for Metadata", isOn: $draft.metadataAccess) }
            Toggle("Push the Request", isOn: $draft.pushesRequests).accessibilityIdentifier("settings.push")
            Toggle("Bind Tokens to This Device", isOn: $draft.bindsTokens).accessibilityIdentifier("settings.bind")
            Toggle("Offer Sign in with Apple", isOn: $draft.offersApple).accessibilityIdentifier("settings.apple")
            PlainField(
                title: "Other App's Client ID", text: $draft.otherClientID, identifier: "settings.other-client-id")
            Toggle("Private Browser", isOn: $draft.isEphemeral).accessibilityIdentifier("settings.private-browser")
        } header: {
            Text("Issuer")
        } footer: {
            VStack(alignment: .leading, spacing: 8) {
                Text("Another issuer or client has its own session. The one that you leave stays signed in.")
                Text("Sign in with Apple needs the capability; your issuer exchanges its code.")
                Text("Another app of yours can sign in by this sign-in: sign in again after a change here.")
                Text("A private browser shares no cookies: there is no single sign-on, and nothing to sign out of.")
            }
        }
    }

    private var storage: some View {
        Section {
            Picker("Readable", selection: $draft.accessibility) {
                ForEach(KeychainAccessibility.allCases.dropLast(2), id: \.self) { Text($0.title).tag($0) }
                Section("Deprecated by Apple") {
                    ForEach(KeychainAccessibility.allCases.suffix(2), id: \.self) { Text($0.title).tag($0) }
                }
            }
            Toggle("Ask for Face ID", isOn: $draft.biometricLock).accessibilityIdentifier("settings.face-id")
            Toggle("Lock the App", isOn: $draft.appLock).accessibilityIdentifier("settings.lock")
            Toggle("Sync with iCloud Keychain", isOn: $draft.isSynchronizable)
            Toggle("Forget After Reinstalling", isOn: $draft.forgetsAfterReinstall)
        } header: {
            Text("Keychain and Lock")
        } footer: {
            VStack(alignment: .leading, spacing: 8) {
                Text("With Face ID only the app in front renews the session, and the widget cannot read it.")
                Text("Face ID guards what is stored; the lock, what is shown: at a launch, and after five minutes.")
                Text("A lock that is turned off ends with the next launch at the latest.")
                Text("A simulator switches access control off: nobody is asked there.")
                Text("Sync only where refresh tokens are not rotated, with a class that may leave this device.")
            }
        }
    }
}

extension KeychainAccessibility {
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
