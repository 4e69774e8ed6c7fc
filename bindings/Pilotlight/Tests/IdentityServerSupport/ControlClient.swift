import Foundation
import Pilotlight

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// Calls a server's control endpoints.
struct ControlClient: Sendable {
    private let url: URL

    init(_ url: URL) {
        self.url = url
    }

    @discardableResult
    func send(_ method: String, _ path: String, _ body: SessionJSON? = nil) async throws -> SessionJSON {
        guard let target = URL(string: path, relativeTo: url) else { throw SupportError("no URL: \(path)") }
        var request = URLRequest(url: target)
        request.httpMethod = method
        if let body {
            request.httpBody = try JSONEncoder().encode(body)
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        }
        let (answer, response) = try await URLSession.shared.data(for: request)
        guard let status = (response as? HTTPURLResponse)?.statusCode, (200..<300).contains(status) else {
            throw SupportError("\(method) \(path): \(String(decoding: answer, as: UTF8.self))")
        }
        return answer.isEmpty ? .null : try JSONDecoder().decode(SessionJSON.self, from: answer)
    }
}
