import Foundation
internal import PilotlightCore

/// Whether a session's tokens are bound to a key of this device (DPoP, RFC 9449; Auth0: "Demonstrating Proof-of-Possession
/// (DPoP)"). A stolen token is then useless on another device.
public enum TokenBinding: Hashable, Sendable {
    /// Tokens are not bound. A session whose tokens are already bound stays usable.
    case off
    /// Tokens are bound if the issuer offers it. Auth0 shows that in its answers, other providers in their discovery documents.
    /// Tokens that are not bound are accepted too.
    case whenOffered
    /// Tokens are always bound. Unbound tokens are refused with ``SessionError/configurationInvalid(field:message:)`` for `dpop`.
    case required
}

/// The key that a session's tokens are bound to. It is created at the sign-in, or at the next renewal of a session without one,
/// and is stored and deleted with the session.
public struct BoundKey: Hashable, Sendable {
    /// The key's thumbprint (RFC 7638), as the tokens name it (`cnf.jkt`). Not secret.
    public let thumbprint: String
    /// Whether the private key is in the Secure Enclave, from which it cannot be read. On simulators and systems without a
    /// Secure Enclave it is a software key, as safe as the session's storage.
    public let isInSecureEnclave: Bool

    /// For tests of an app.
    public init(thumbprint: String, isInSecureEnclave: Bool) {
        self.thumbprint = thumbprint
        self.isInSecureEnclave = isInSecureEnclave
    }
}

extension TokenBinding {
    var core: PilotlightCore.TokenBinding {
        switch self {
        case .off: .off
        case .whenOffered: .whenOffered
        case .required: .required
        }
    }
}
