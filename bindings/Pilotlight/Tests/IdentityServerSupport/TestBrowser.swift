import Foundation
import Pilotlight

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// Plays the user's browser: signs in as a user, or gets an error from the issuer.
public struct TestBrowser: WebAuthenticator {
    private let script: [URLQueryItem]

    /// Creates a browser that signs a user in without a form.
    public init(signInAs email: String = "ada@example.com") {
        script = [URLQueryItem(name: "sign_in_as", value: email)]
    }

    /// Creates a browser to which the issuer answers with an error.
    public init(denyWith code: String) {
        script = [URLQueryItem(name: "deny", value: code)]
    }

    /// Opens the page and returns the URL that the issuer redirects to, without following it.
    public func authenticate(url: URL, redirectURI: URL) async throws -> URL {
        guard var components = URLComponents(url: url, resolvingAgainstBaseURL: false) else {
            throw SupportError("no URL")
        }
        components.queryItems = (components.queryItems ?? []) + script
        guard let scripted = components.url, let location = try await Self.location(of: scripted) else {
            throw SupportError("the issuer sent the browser nowhere")
        }
        return location
    }

    /// Requests a page, follows all redirects as a browser does, and returns the text of the last page.
    public static func open(_ url: URL) async throws -> String {
        let (page, _) = try await URLSession.shared.data(from: url)
        return String(decoding: page, as: UTF8.self)
    }

    private static func location(of url: URL) async throws -> URL? {
        let session = URLSession(configuration: .ephemeral, delegate: NoRedirects(), delegateQueue: nil)
        defer { session.finishTasksAndInvalidate() }
        let (_, response) = try await session.data(from: url)
        return (response as? HTTPURLResponse)?.value(forHTTPHeaderField: "Location").flatMap(URL.init(string:))
    }
}

private final class NoRedirects: NSObject, URLSessionTaskDelegate {
    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        completionHandler(nil)
    }
}
