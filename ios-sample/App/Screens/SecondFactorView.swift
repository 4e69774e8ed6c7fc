import Pilotlight
import SampleKit
import SwiftUI

/// Asks for a second factor: which one, and its code or an approval on another device. Then the refused call is repeated.
struct SecondFactorView: View {
    @Bindable var factor: SecondFactor
    let goOn: @MainActor () async -> Void
    @Environment(\.dismiss) private var dismiss

    var body: some View {
        NavigationStack {
            Form {
                if let error = factor.error { BannerRow { ErrorBanner(error: error) { await factor.begin() } } }
                step
                if factor.chosen != nil && !isHeld {
                    Button("Another Factor") { factor.chosen = nil }.accessibilityIdentifier("factor.other")
                }
            }
            .navigationTitle("Second Factor")
            .toolbar {
                ToolbarItem(placement: .cancellationAction) { Button("Cancel") { dismiss() }.disabled(isHeld) }
            }
        }
        .interactiveDismissDisabled(isHeld)
        .task(id: factor.chosen) { await factor.begin() }
        .onChange(of: factor.step == .done) {
            dismiss()
            Task { await goOn() }
        }
    }

    /// Whether the sheet must stay open: while a code is checked, and so that the user sees a new recovery code.
    private var isHeld: Bool {
        if case .newRecoveryCode = factor.step { true } else { factor.step == .check }
    }

    @ViewBuilder private var step: some View {
        switch factor.step {
        case .choice(let authenticators):
            ForEach(authenticators) { one in
                Button {
                    factor.chosen = one
                } label: {
                    LabeledContent(title(one.kind), value: one.name ?? "")
                }
                .accessibilityIdentifier("factor.\(one.id)")
            }
            if authenticators.isEmpty {
                Text("You have no second factor yet. Sign out and in again: the sign-in page sets one up.")
            }
        case .code:
            TextField("Code", text: $factor.code)
                .textContentType(.oneTimeCode).textInputAutocapitalization(.never).autocorrectionDisabled()
                .accessibilityIdentifier("factor.code")
            Button("Confirm") { Task { await factor.submit() } }
                .disabled(factor.code.isEmpty).accessibilityIdentifier("factor.confirm")
        case .approval: ProgressView("Approve it on your other device.")
        case .newRecoveryCode(let code):
            Text("Your recovery code is used up. Write down the new one: it is shown only now.")
            Text(verbatim: code.text).font(.body.monospaced()).textSelection(.enabled)
            Button("Done") { factor.finish() }.accessibilityIdentifier("factor.done")
        case .wait, .check, .done: if factor.error == nil { ProgressView() }
        }
    }

    private func title(_ kind: MFAAuthenticator.Kind) -> LocalizedStringKey {
        switch kind {
        case .otp: "Authenticator App"
        case .outOfBand(channel: "auth0"): "Approval on Another Device"
        case .outOfBand, .other: "Code in a Message"
        case .recoveryCode: "Recovery Code"
        }
    }
}
