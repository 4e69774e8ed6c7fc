internal import PilotlightCore

/// The profile that was asked for last, until the session's state changes.
///
/// A profile may be large (an issuer can put 256 KB into it), and carrying it across the language border copies all of it.
/// Asking whether it is still the same one costs next to nothing.
final class ProfileCache: Sendable {
    private struct Kept: Sendable {
        var version: UInt64 = 0
        var profile: SessionProfile?
        /// How often the profile was forgotten.
        var forgotten: UInt64 = 0
    }

    private let kept = Locked(Kept())

    /// Whether no profile is kept.
    var isEmpty: Bool { kept.withLock { $0.profile == nil } }

    func profile(of core: any CoreSessionProtocol) -> SessionProfile? {
        // The version first: if another profile comes in between, it is newer than its number, and the next call reads it
        // again. The other way round an old profile could be kept under a new number.
        let version = core.cachedProfileVersion()
        guard version != 0 else {
            forget()
            return nil
        }
        let (known, forgotten) = kept.withLock { ($0.version == version ? $0.profile : nil, $0.forgotten) }
        if let known { return known }
        guard let profile = core.cachedProfile().map(SessionProfile.init) else { return nil }
        kept.withLock { kept in
            // The state changed while the profile was read: it may be that of a user who has signed out.
            guard kept.forgotten == forgotten else { return }
            kept.version = version
            kept.profile = profile
        }
        return profile
    }

    func forget() {
        kept.withLock { $0 = Kept(forgotten: $0.forgotten &+ 1) }
    }
}
