internal import PilotlightCore

/// The last profile that was read from the core, until the session's state changes.
///
/// A profile may be large (an issuer can put 256 KB into it), and reading it from the core copies all of it. Asking the core
/// whether the profile is still the same costs next to nothing.
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
        // The version is read first. If the profile changes in between, a newer profile is kept under an old version, and the
        // next call reads it again. In the other order an old profile could be kept under a new version.
        let version = core.cachedProfileVersion()
        guard version != 0 else {
            forget()
            return nil
        }
        let (known, forgotten) = kept.withLock { ($0.version == version ? $0.profile : nil, $0.forgotten) }
        if let known { return known }
        guard let profile = core.cachedProfile().map(SessionProfile.init) else { return nil }
        kept.withLock { kept in
            // If the state changed while the profile was read, it may be the profile of a user who has signed out.
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
