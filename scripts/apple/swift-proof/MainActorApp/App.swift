// An app as Xcode 26 makes it: everything is of the main actor unless it says otherwise, with approachable concurrency.
import Foundation
import Observation
import Pilotlight
import SwiftUI

@main
struct IsolatedApp: App {
    private let session: Session
    @State private var orders: Orders

    init() {
        do {
            session = try Session(.auth0(domain: "tenant.eu.auth0.com", clientID: "c"))
        } catch {
            fatalError(error.localizedDescription)
        }
        _orders = State(initialValue: Orders(session))
    }

    var body: some Scene {
        WindowGroup {
            OrdersView(orders: orders)
                .requiresSession { state in if state.requiresSignIn { SignInButton() } }
                .environment(\.pilotlightSession, session)
        }
    }
}

@Observable
final class Orders {
    private(set) var names: [String] = []
    private(set) var message = ""
    private let session: Session

    init(_ session: Session) {
        self.session = session
    }

    func load() async {
        do {
            if try await session.restore().requiresSignIn { try await session.signIn() }
            guard let url = URL(string: "https://api.example.com/orders") else { return }
            let request = try await session.authorized(URLRequest(url: url))
            let (data, _) = try await session.data(for: request)
            names = try JSONDecoder().decode([String].self, from: data)
            let profile = try await session.profile()
            message = try await session.metadata.update(["greeted": profile.name ?? profile.subject]).description
        } catch let error as SessionError {
            message = error.localizedDescription
        } catch {
            message = "\(error)"
        }
    }

    func follow() async {
        for await state in session.states { message = state.isSignedIn ? "" : "signed out" }
    }
}

struct OrdersView: View {
    let orders: Orders

    var body: some View {
        VStack {
            ForEach(orders.names, id: \.self) { Text($0) }
            Text(orders.message)
        }
        .task { await orders.load() }
        .task { await orders.follow() }
    }
}

/// The sheet of a test: what the library calls may be of the main actor.
struct ScriptedBrowser: WebAuthenticator {
    func authenticate(url: URL, redirectURI: URL) async throws -> URL { redirectURI }
}
