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

    var body: some View {
        Text(state?.isSignedIn == true ? "Welcome back." : "Nobody is signed in.")
            .task { state = try? await session.restore() }
    }
}
