internal import PilotlightCore

/// The result of an import. The old item stays in every case.
public enum ImportOutcome: Hashable, Sendable {
    /// The session was imported and stored.
    case imported(state: SessionState)
    /// There is no such item, or it contains no token.
    case nothingFound
    /// A user is signed in already, or has to sign in again: that session is never replaced.
    case sessionExists
    /// The session was imported before, or a user has signed in or out since the first attempt: the old session must not
    /// come back.
    case closed
    /// There is an item, but it cannot be imported.
    case unreadable(problem: ImportProblem)
}

/// Why a session that was found cannot be imported. The old item stays as it is.
public enum ImportProblem: Hashable, Sendable {
    /// The item is not a binary property list from `NSKeyedArchiver`, or it is damaged; or a token is not UTF-8 text.
    case malformed
    /// The archive contains something other than the library's session.
    case unknownContent
    /// The archive is larger, more deeply nested or more interlinked than any session is.
    case tooLarge
    /// The library itself considers the session ended: the issuer had refused its refresh token.
    case ended
    /// There is no refresh token, and no access token that is still good.
    case nothingUsable
    /// The tokens are bound to a key of the old library (DPoP, RFC 9449), which was not found or which this device cannot use.
    case senderConstrained
    /// The user is not known: there is no readable ID token and no profile, and the issuer provided neither.
    case unknownUser
    /// The session is from another issuer. Its refresh token must not be sent to the configured issuer.
    case otherIssuer
    /// The session is from a client other than the configured one.
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
