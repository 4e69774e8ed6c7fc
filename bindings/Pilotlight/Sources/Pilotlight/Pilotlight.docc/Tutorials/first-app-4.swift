import Pilotlight
import SwiftUI

@main
struct FirstApp: App {
    // swift-format-ignore: NeverUseForceTry
    @State private var model = SessionModel(
        try! Session(.auth0(domain: "tenant.eu.auth0.com", clientID: "…")))

    var body: some Scene {
        WindowGroup { AccountView(model: model) }
    }
}

struct AccountView: View {
    let model: SessionModel

    var body: some View {
        VStack(spacing: 16) {
            switch model.state {
            case nil:
                if model.error == nil { ProgressView() }
            case .signedIn:
                Text(greeting)
                    .task { await model.loadProfile(maxAge: 3600) }
                Button("Sign Out") { Task { await model.signOut() } }
            case .locked:
                Text("Unlock the device to go on.")
            case .signedOut, .reauthenticationRequired:
                Button("Sign In") { Task { await model.signIn(using: SystemWebAuthenticator()) } }
            }
            if let error = model.error {
                Text(error.localizedDescription)
                if model.state?.requiresSignIn != true {
                    Button("Try Again") { Task { await load() } }
                }
            }
        }
        .disabled(model.isBusy)
        .task { await model.restore() }
    }

    private var greeting: String {
        guard let profile = model.profile else { return "Hello." }
        return "Hello, \(profile.name ?? profile.subject)."
    }

    private func load() async {
        await model.restore()
        if model.isSignedIn { await model.loadProfile(maxAge: 3600) }
    }
}
