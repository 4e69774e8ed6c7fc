import Pilotlight
import SampleKit
import SwiftUI

/// Nobody is signed in, or not any more.
struct WelcomeView: View {
    let model: AppModel
    let reason: ReauthenticationReason?

    private var isWorking: Bool { model.session?.isBusy == true }

    var body: some View {
        ScrollView {
            VStack(spacing: 24) {
                Image(systemName: "flame.fill")
                    .font(.largeTitle)
                    .imageScale(.large)
                    .foregroundStyle(.tint)
                    .accessibilityHidden(true)
                    .padding(.top, 48)
                VStack(spacing: 8) {
                    title.font(.title).bold().multilineTextAlignment(.center).accessibilityAddTraits(.isHeader)
                    message.foregroundStyle(.secondary).multilineTextAlignment(.center)
                }
                if let advice = model.session?.error.flatMap(Advice.init) {
                    // The button below tries again.
                    AdviceBanner(advice: advice, dismiss: { model.session?.dismissError() })
                }
                if model.settings.isOnDevice() {
                    Text("This address is the device itself. Enter your own issuer in the settings.")
                        .font(.footnote)
                        .multilineTextAlignment(.center)
                        .accessibilityIdentifier("welcome.unreachable")
                }
                button
                LabeledContent("Issuer", value: model.settings.address)
                    .font(.footnote)
                    .foregroundStyle(.secondary)
                    .accessibilityIdentifier("welcome.issuer")
            }
            .padding(24)
            .frame(maxWidth: 480)
            .frame(maxWidth: .infinity)
        }
    }

    private var title: Text {
        reason == nil ? Text("Welcome to Pilotlight") : Text("Please sign in again")
    }

    private var message: Text {
        reason?.words ?? Text("Sign in once. The session stays until you sign out.")
    }

    private var button: some View {
        Button {
            let browser = SystemWebAuthenticator(ephemeral: model.settings.isEphemeral)
            // The sheet's answer comes on any thread; the SDK brings it back here.
            Task { await model.signIn(using: browser) }
        } label: {
            Group {
                if isWorking { ProgressView() } else { Text("Sign In") }
            }
            .frame(maxWidth: .infinity)
        }
        .buttonStyle(.borderedProminent)
        .controlSize(.large)
        .disabled(isWorking)
        // Also while it shows a spinner instead of its words.
        .accessibilityLabel(Text("Sign In"))
        .accessibilityIdentifier("sign-in")
    }
}
