internal import PilotlightCore

/// The result of an import. The old item stays in every case.
public enum ImportOutcome: Hashable, Sendable {
    /// The session was imported and stored.
    case imported(state: SessionState)
    /// There is no such item, or no token in it.
    case nothingFound
    /// A user is signed in already, or has to sign in again: that session is never replaced.
    case sessionExists
    /// The session was imported before, or a user has signed in or out since: what is left of the old session must not
    /// come back.
    case closed
    /// An item is there and cannot be imported.
    case unreadable(problem: ImportProblem)
}

/// Why a session that was found is not imported. The old item stays as it is.
public enum ImportProblem: Hashable, Sendable {
    /// Not a binary property list that `NSKeyedArchiver` wrote, or a damaged one; or a token that is not UTF-8 text.
    case malformed
    /// An archive of something else than the library's session.
    case unknownContent
    /// Larger, deeper or more entangled than any session is.
    case tooLarge
    /// The library itself counts the session as ended: the issuer had refused its refresh token.
    case ended
    /// No refresh token, and no access token that is still good.
    case nothingUsable
    /// The tokens are bound to a key of the old library (DPoP, RFC 9449), which was not found or which this device cannot use.
    case senderConstrained
    /// The user is not known: there is no ID token that can be read, no profile, and the issuer gave neither.
    case unknownUser
    /// It is from another issuer than the configuration's. A refresh token must not be sent to that one.
    case otherIssuer
    /// It is from another client than the configuration's.
    case otherClient
}

extension ImportOutcome {
    init(_ core: PilotlightCore.ImportOutcome) {
        switch core {
        case .imported(let state): self = .imported(state: SessionState(state))
        case .nothingFound: self = .nothingFound
        case .sessionExists: self = .sessionExists
        case .closed: self = .closed
        case .unreadable(let problem): self = .unreadable(problem: ImportProblem(problem))
        }
    }
}

extension ImportProblem {
    init(_ core: PilotlightCore.ImportProblem) {
        switch core {
        case .malformed: self = .malformed
        case .unknownContent: self = .unknownContent
        case .tooLarge: self = .tooLarge
        case .ended: self = .ended
        case .nothingUsable: self = .nothingUsable
        case .senderConstrained: self = .senderConstrained
        case .unknownUser: self = .unknownUser
        case .otherIssuer: self = .otherIssuer
        case .otherClient: self = .otherClient
        }
    }
}
