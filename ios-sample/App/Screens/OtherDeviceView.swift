import Pilotlight
import SampleKit
import SwiftUI

/// The code that the user enters on another device to sign in on this one. Closing the view ends the sign-in.
struct OtherDeviceView: View {
    let model: AppModel
    let onError: @MainActor (SessionError?) -> Void
    @State private var signIn: DeviceSignIn?
    @Environment(\.dismiss) private var dismiss

    var body: some View {
        NavigationStack {
            Form {
                if let signIn { code(signIn) } else { ProgressView() }
            }
            .navigationTitle("Another Device")
            .toolbar {
                ToolbarItem(placement: .cancellationAction) { Button("Cancel") { dismiss() } }
            }
        }
        .task {
            onError(await model.signInOnAnotherDevice { signIn = $0 })
            dismiss()
        }
    }

    private func code(_ signIn: DeviceSignIn) -> some View {
        Section {
            Text(verbatim: signIn.userCode).font(.title.monospaced()).accessibilityIdentifier("device.code")
            Text(verbatim: signIn.verificationURL.absoluteString).textSelection(.enabled)
            if let picture = signIn.qrCode() {
                Image(decorative: picture, scale: 1).interpolation(.none).resizable().scaledToFit()
                    .frame(maxWidth: 240).padding().background(.white)
            }
        } footer: {
            Text("Enter the code there on your other device, or scan the picture with it. Show it to nobody.")
        }
    }
}
