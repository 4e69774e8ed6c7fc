import Pilotlight
import SwiftUI

@main
struct FirstApp: App {
    var body: some Scene {
        WindowGroup { AccountView() }
    }
}

struct AccountView: View {
    @State private var session = try! Session(
        .auth0(domain: "tenant.eu.auth0.com", clientID: "…"))
    @State private var state: SessionState?
    @State private var message = ""

    var body: some View {
        VStack {
            Text(state?.isSignedIn == true ? "Welcome back." : "Nobody is signed in.")
            if state?.isSignedIn == false {
                Button("Sign in") { Task { await signIn() } }
            }
            Text(message)
        }
        .task {
            _ = try? await session.restore()
            for await state in session.states { self.state = state }
        }
    }

    private func signIn() async {
        do {
            try await session.signIn()
            message = ""
        } catch {
            message = error.localizedDescription
        }
    }
}
