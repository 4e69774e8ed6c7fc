import Foundation
import IdentityServerSupport
import Pilotlight

/// Something that a developer or a server does wrong, and what the error must say about it.
struct Mistake: Sendable {
    /// The description on the page about the quality of errors.
    let name: String
    /// The case of the error, with its field, argument or reason; nil if there is no error.
    let error: String?
    /// What ``SessionError/errorDescription`` must name: host, field, values. `{host}` stands for the server's host.
    let says: [String]
    /// What ``SessionError/recoverySuggestion`` must name: the setting in the app, and the Dashboard's labels.
    let advises: [String]
    /// Makes the mistake.
    let make: @Sendable (IdentityServer) async throws -> Void

    init(
        _ name: String, _ error: String?, says: [String] = [], advises: [String] = [],
        make: @escaping @Sendable (IdentityServer) async throws -> Void
    ) {
        self.name = name
        self.error = error
        self.says = says
        self.advises = advises
        self.make = make
    }

    static let all = configuration + signIn + idTokens + session + servers + metadata
}

extension Mistake {
    /// The outcome of a mistake.
    struct Outcome: Sendable {
        let error: SessionError?
        /// The error's description and suggestion, in which what differs between runs is replaced.
        let description: String
        let suggestion: String
        let host: String
    }

    func outcome() async throws -> Outcome {
        let server = try await IdentityServer.start()
        let host = String(server.issuer.dropFirst("http://".count).dropLast())
        var error: SessionError?
        do {
            try await make(server)
        } catch let thrown as SessionError {
            error = thrown
        }
        await server.stop()
        let plain = { (text: String?) in Self.steady(text ?? "", host: host) }
        return Outcome(
            error: error, description: plain(error?.errorDescription), suggestion: plain(error?.recoverySuggestion),
            host: host)
    }

    /// Replaces ports, folders and pauses, which differ between runs.
    private static func steady(_ text: String, host: String) -> String {
        text.replacingOccurrences(of: host, with: "127.0.0.1:4000")
            .replacingOccurrences(of: "localhost:\(host.split(separator: ":")[1])", with: "localhost:4000")
            .replacingOccurrences(
                of: #"in ([0-9]|[12][0-9]) seconds"#, with: "in 2 seconds", options: .regularExpression
            )
            .replacingOccurrences(
                of: #"status 503\); ask again after [0-9]+ s"#, with: "status 503); ask again after 2 s",
                options: .regularExpression
            )
            .replacingOccurrences(of: #"found [0-9]+ s"#, with: "found 3600 s", options: .regularExpression)
            .replacingOccurrences(of: #"/[^ ]*pilotlight-[0-9A-F-]{36}"#, with: "/FOLDER", options: .regularExpression)
    }
}

extension SessionError {
    /// The case, and those of its values that do not differ between runs.
    var shortName: String {
        switch self {
        case .temporarilyUnavailable(let reason, _, _): "temporarilyUnavailable(\(reason))"
        case .deviceLocked: "deviceLocked"
        case .userAuthenticationFailed: "userAuthenticationFailed"
        case .readOnly: "readOnly"
        case .signInRequired(let reason, _): "signInRequired(\(reason))"
        case .stepUpRequired: "stepUpRequired"
        case .mfaRequired: "mfaRequired"
        case .mfaRejected(let code, _): "mfaRejected(\(code))"
        case .signInFailed(let code, _): "signInFailed(\(code))"
        case .signInCancelled: "signInCancelled"
        case .configurationInvalid(let field, _): "configurationInvalid(\(field))"
        case .argumentInvalid(let argument, _): "argumentInvalid(\(argument))"
        case .storageFailed: "storageFailed"
        case .internalFault: "internalFault"
        }
    }
}

/// Shows the issuer's page, and plays a user who closes the page if the issuer does not redirect the browser back.
struct ClosingBrowser: WebAuthenticator {
    func authenticate(url: URL, redirectURI: URL) async throws -> URL {
        let callback = try? await TestBrowser().authenticate(url: url, redirectURI: redirectURI)
        guard callback == nil else { throw SupportError("the issuer sent the browser back") }
        throw SessionError.signInCancelled
    }
}

/// A browser that answers for an issuer that does not exist, with a code and the sign-in's own `state`.
struct MadeUpBrowser: WebAuthenticator {
    func authenticate(url: URL, redirectURI: URL) async throws -> URL {
        let state = URLComponents(url: url, resolvingAgainstBaseURL: false)?.queryItems?.first { $0.name == "state" }?
            .value
        guard let callback = URL(string: "\(redirectURI)?code=made-up&state=\(state ?? "")") else {
            throw SupportError("no URL")
        }
        return callback
    }
}
