import AuthenticationServices
import Foundation
import Pilotlight
import SwiftUI

/// What the snippets of the reference take from the app around them: scripts/guide_code.py puts those of each file into a type that has
/// these. Nothing of it runs.
@MainActor
protocol Names {}

extension Names {
    var session: Session { fatalError() }
    /// Of another app of the same vendor, and of this one.
    var first: Session { fatalError() }
    var second: Session { fatalError() }
    var configuration: SessionConfiguration { fatalError() }
    var recorder: any SessionMetricsRecorder { fatalError() }
    var window: ASPresentationAnchor { fatalError() }
    var browser: SystemWebAuthenticator { fatalError() }

    var url: URL { fatalError() }
    var website: URL { fatalError() }
    var orders: URL { fatalError() }
    var payment: URLRequest { fatalError() }
    var role: String { fatalError() }
    var principal: String { fatalError() }

    var screen: Screen { fatalError() }
    var webView: WebView { fatalError() }
    var cache: Cache { fatalError() }
    var analytics: Analytics { fatalError() }

    var token: String {
        get { fatalError() }
        nonmutating set {}
    }
    var message: String {
        get { fatalError() }
        nonmutating set {}
    }
    var data: Data {
        get { fatalError() }
        nonmutating set {}
    }
    var response: HTTPURLResponse {
        get { fatalError() }
        nonmutating set {}
    }
}

@available(iOS 17, macOS 14, *)
extension Names {
    var accounts: SessionAccounts { fatalError() }
}

struct HomeView: View {
    var body: some View { Text("Home") }
}

struct OrdersView: View {
    var body: some View { Text("Orders") }
}

struct ContentView: View {
    let session: Session?
    let message: String
    var body: some View { Text(message) }
}

@MainActor
struct Screen {
    func show(code: String, at url: URL) {}
    func code() async -> String { "" }
}

struct Cache: Sendable {
    func clear() async {}
}

struct Analytics: Sendable {
    func log(_ name: String, _ text: String) {}
}

/// In place of WebKit's, of which there is no stub.
@MainActor
struct WebView {
    struct Configuration {
        let websiteDataStore: DataStore
    }

    struct DataStore {
        let httpCookieStore: CookieStore
    }

    @MainActor
    struct CookieStore {
        func setCookie(_ cookie: HTTPCookie) async {}
    }

    var configuration: Configuration { fatalError() }
    func load(_ request: URLRequest) {}
}
