internal import PilotlightCore

/// The text of the access token that was asked for last, until the session's state changes.
///
/// Carrying a token of a kilobyte across the language border costs about ten times what asking "is it still the same
/// one, and still good?" costs. Whether it is good is decided by the core alone, at each call.
final class TokenCache: Sendable {
    private struct Kept: Sendable {
        var version: UInt64 = 0
        var token = ""
        /// How often the text was forgotten.
        var forgotten: UInt64 = 0
    }

    private let kept = Locked(Kept())

    /// Whether no text is kept.
    var isEmpty: Bool { kept.withLock { $0.token.isEmpty } }

    func token(of core: any CoreSessionProtocol, minTtlSeconds: UInt32) -> String? {
        // The version first: if another token comes in between, the text is newer than its number, and the next call
        // reads it again. The other way round an old text could be kept under a new number.
        let version = core.cachedAccessTokenVersion(minTtlSeconds: minTtlSeconds)
        guard version != 0 else {
            forget()
            return nil
        }
        let (text, forgotten) = kept.withLock { ($0.version == version ? $0.token : nil, $0.forgotten) }
        if let text { return text }
        guard let token = core.cachedAccessToken(minTtlSeconds: minTtlSeconds) else { return nil }
        kept.withLock { kept in
            // The state changed while the text was read: it may be that of a user who has signed out.
            guard kept.forgotten == forgotten else { return }
            kept.version = version
            kept.token = token
        }
        return token
    }

    func forget() {
        kept.withLock { $0 = Kept(forgotten: $0.forgotten &+ 1) }
    }
}
