import Foundation
import Pilotlight
import SampleKit

/// Shows the issuer's page by printing its URL, and gets the callback from a loopback listener or from the input.
final class TerminalAuthenticator: WebAuthenticator {
    private let console: Console
    private let json: Bool
    private let listener: LoopbackListener?

    /// - Parameters:
    ///   - redirectURI: The configured redirect URI; it decides where the callback comes from.
    ///   - console: Where the URL is printed, and where a pasted callback is read.
    ///   - json: Whether to print the URL as JSON.
    /// - Throws: `SessionError.configurationInvalid` if the redirect URI is `http` on a host that is not loopback.
    init(_ redirectURI: String?, _ console: Console, json: Bool) throws {
        self.console = console
        self.json = json
        if let redirectURI, let url = URLComponents(string: redirectURI), url.scheme == "http" {
            listener = try LoopbackListener(url)
        } else {
            listener = nil
        }
    }

    /// Begins to listen if the callback comes over loopback.
    ///
    /// - Returns: The redirect URI with the port; nil if the callback does not come over loopback.
    /// - Throws: `SessionError.configurationInvalid` if the port cannot be used.
    func listen() throws -> String? {
        try listener?.listen()
    }

    /// Shows the code for another device, and where to enter it.
    func show(_ signIn: DeviceSignIn) {
        let url = (signIn.completeVerificationURL ?? signIn.verificationURL).absoluteString
        if json {
            return console.out(SessionJSON.object(["open": .string(url), "user_code": .string(signIn.userCode)]).text)
        }
        console.out("code: \(signIn.userCode)")
        console.out("open: \(url)")
        console.err("waiting until the code is entered there")
    }

    func authenticate(url: URL, redirectURI: URL) async throws -> URL {
        console.out(
            json ? SessionJSON.object(["open": .string(url.absoluteString)]).text : "open: \(url.absoluteString)")
        if let listener {
            console.err("waiting for the browser to come back to \(redirectURI.absoluteString)")
            return try await listener.callback(to: url)
        }
        console.err(
            "paste the URL that the browser was sent to (it begins with \(redirectURI.scheme ?? ""):), then Return:")
        guard let line = await pastedLine(), !line.isEmpty else { throw SessionError.signInCancelled }
        guard let callback = URL(string: line), callback.scheme != nil else {
            throw SessionError.argumentInvalid(
                argument: "callback",
                message: "what was pasted is not a URL; paste the whole address, from its scheme on")
        }
        return callback
    }

    /// Reads on its own thread, because the input may block forever and must not occupy a thread of the pool.
    private func pastedLine() async -> String? {
        let input = AsyncStream<String?> { continuation in
            let readLine = console.readLine
            Thread.detachNewThread {
                continuation.yield(readLine())
                continuation.finish()
            }
        }
        for await line in input { return line?.trimmingCharacters(in: .whitespacesAndNewlines) }
        return nil
    }
}
