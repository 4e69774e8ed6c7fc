import Pilotlight
import SampleKit
import SwiftUI

/// Shown if nobody is signed in, or if the user has to sign in again.
struct WelcomeView: View {
    let model: AppModel
    let reason: ReauthenticationReason?
    @State private var error: SessionError?
    @State private var isElsewhere = false

    var body: some View {
        ScrollView {
            VStack(spacing: 24) {
                Image(systemName: "flame.fill")
                    .font(.largeTitle).imageScale(.large).foregroundStyle(.tint).padding(.top, 48)
                    .accessibilityHidden(true)
                VStack(spacing: 8) {
                    (reason == nil ? Text("Welcome to Pilotlight") : Text("Please sign in again"))
                        .font(.title).bold().multilineTextAlignment(.center).accessibilityAddTraits(.isHeader)
                    (reason?.words ?? Text("Sign in once. The session stays until you sign out."))
                        .foregroundStyle(.secondary).multilineTextAlignment(.center)
                }
                // No retry action, because the button below tries again.
                if let error { ErrorBanner(error: error, dismiss: { self.error = nil }) }
                if model.settings.isOnDevice() {
                    Text("This address is the device itself. Enter your own issuer in the settings.")
                        .font(.footnote).multilineTextAlignment(.center)
                }
                SignInButton(options: options, ephemeral: model.settings.isEphemeral) { error = $0 }
                    .buttonStyle(.borderedProminent).controlSize(.large)
                    .accessibilityIdentifier("sign-in")
                if model.settings.offersApple { AppleButton(model: model) { error = $0 } }
                Button("Sign In on Another Device") { isElsewhere = true }.accessibilityIdentifier("sign-in.device")
                LabeledContent("Issuer", value: model.settings.address)
                    .font(.footnote).foregroundStyle(.secondary)
            }
            .padding(24)
            .frame(maxWidth: 480)
            .frame(maxWidth: .infinity)
        }
        .sheet(isPresented: $isElsewhere) { OtherDeviceView(model: model) { error = $0 } }
    }

    /// Requests the issuer's pages in the user's language, and prefills the email address of the previous user.
    private var options: SignInOptions {
        SignInOptions(
            loginHint: reason == nil ? nil : model.session?.profile?.email, uiLocales: Locale.preferredLanguages)
    }
}
