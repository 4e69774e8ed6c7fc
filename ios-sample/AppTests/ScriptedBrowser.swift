import Foundation
import Pilotlight

/// Plays the user's browser: the identity server signs `email` in without a form if the URL says so.
struct ScriptedBrowser: WebAuthenticator {
    var email = TestIssuer.email

    func authenticate(url: URL, redirectURI: URL) async throws -> URL {
        guard var components = URLComponents(url: url, resolvingAgainstBaseURL: false) else {
            throw TestFault("no URL")
        }
        components.queryItems = (components.queryItems ?? []) + [URLQueryItem(name: "sign_in_as", value: email)]
        guard let scripted = components.url else { throw TestFault("no URL") }
        let session = URLSession(configuration: .ephemeral, delegate: NoRedirects(), delegateQueue: nil)
        defer { session.finishTasksAndInvalidate() }
        let (_, response) = try await session.data(from: scripted)
        let location = (response as? HTTPURLResponse)?.value(forHTTPHeaderField: "Location")
        guard let callback = location.flatMap({ URL(string: $0) }) else {
            throw TestFault("the issuer sent the browser nowhere")
        }
        return callback
    }
}

/// In a test no app handles the callback's scheme, so the callback URL is taken from the response.
private final class NoRedirects: NSObject, URLSessionTaskDelegate {
    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        completionHandler(nil)
    }
}
