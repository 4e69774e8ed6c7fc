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
    @State private var profile: SessionProfile?
    @State private var message = ""

    var body: some View {
        VStack {
            Text(profile?.name ?? "Nobody is signed in.")
            if state?.isSignedIn == true {
                Button("Sign out") { Task { await session.signOut() } }
            } else if state != nil {
                Button("Sign in") { Task { await signIn() } }
            }
            Text(message)
        }
        .task {
            _ = try? await session.restore()
            for await state in session.states {
                self.state = state
                profile = state.isSignedIn ? try? await session.profile(maxAge: 3600, allowStale: true) : nil
            }
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
