import Pilotlight
import SampleKit
import SwiftUI

/// Signs in another app of the same vendor with this session's device secret, without asking the user.
struct OtherAppSection: View {
    let model: AppModel
    @State private var subject: String?
    @State private var error: SessionError?
    @State private var isBusy = false

    var body: some View {
        Section {
            Button("Sign In to the Other App", systemImage: "square.on.square") { Task { await signIn() } }
                .disabled(isBusy).accessibilityIdentifier("other-app.sign-in")
            if let subject { LabeledContent("Signed In There", value: subject) }
        } footer: {
            Text("Without a browser. A session in memory stands for that app.")
        }
        if let error { BannerRow { ErrorBanner(error: error) { await signIn() } } }
    }

    private func signIn() async {
        (isBusy, subject, error) = (true, nil, nil)
        do { subject = try await model.signInToOtherApp() } catch { self.error = SessionError.shown(error) }
        isBusy = false
    }
}
