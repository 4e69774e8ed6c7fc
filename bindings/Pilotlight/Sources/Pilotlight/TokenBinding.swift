import Foundation
internal import PilotlightCore

/// Whether a session's tokens are bound to a key of this device (DPoP, RFC 9449; Auth0: "Demonstrating Proof-of-Possession
/// (DPoP)"). A token that is stolen is then of no use elsewhere.
public enum TokenBinding: Hashable, Sendable {
    /// They are not. A session whose tokens are bound already stays usable.
    case off
    /// Where the issuer offers it: by its discovery document, at Auth0 by its answer. Tokens that are not bound are accepted.
    case whenOffered
    /// Always. Tokens that are not bound are refused: ``SessionError/configurationInvalid(field:message:)`` of `dpop`.
    case required
}

/// The key that a session's tokens are bound to. It is made at the sign-in, or with the next renewal of a session that had
/// none, is stored with the session, and goes with it.
public struct BoundKey: Hashable, Sendable {
    /// The key's thumbprint (RFC 7638), as it stands in the tokens (`cnf.jkt`). Not secret.
    public let thumbprint: String
    /// Whether the private key is in the Secure Enclave, from which nobody can take it. Else it is a software key, as safe as
    /// the session's storage: on simulators and systems without a Secure Enclave.
    public let isInSecureEnclave: Bool
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
