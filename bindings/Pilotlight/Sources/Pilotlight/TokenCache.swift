internal import PilotlightCore

/// The text of the access token that was asked for last.
///
/// Carrying a token of a kilobyte across the language border costs about ten times what asking "is it still the same
/// one, and still good?" costs. Whether it is good is decided by the core alone, at each call.
final class TokenCache: Sendable {
    private struct Kept: Sendable {
        var version: UInt64 = 0
        var token = ""
    }

    private let kept = Locked(Kept())

    func token(of core: any CoreSessionProtocol, minTtlSeconds: UInt32) -> String? {
        // The version first: if another token comes in between, the text is newer than its number, and the next call
        // reads it again. The other way round an old text could be kept under a new number.
        let version = core.cachedAccessTokenVersion(minTtlSeconds: minTtlSeconds)
        guard version != 0 else {
            forget()
            return nil
        }
        if let token = kept.withLock({ $0.version == version ? $0.token : nil }) { return token }
        guard let token = core.cachedAccessToken(minTtlSeconds: minTtlSeconds) else { return nil }
        kept.withLock { $0 = Kept(version: version, token: token) }
        return token
    }

    func forget() {
        kept.withLock { $0 = Kept() }
    }
}
