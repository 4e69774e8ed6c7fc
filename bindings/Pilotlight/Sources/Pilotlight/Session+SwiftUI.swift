#if canImport(SwiftUI)
import SwiftUI

extension EnvironmentValues {
    /// The app's session, for every view below the one that sets it: `.environment(\.pilotlightSession, session)`. Nil if no
    /// view has set it.
    public var pilotlightSession: Session? {
        get { self[SessionKey.self] }
        set { self[SessionKey.self] = newValue }
    }
}

private struct SessionKey: EnvironmentKey {
    static let defaultValue: Session? = nil
}
#endif
