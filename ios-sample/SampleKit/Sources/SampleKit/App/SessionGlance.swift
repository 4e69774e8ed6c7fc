import Pilotlight

extension Session {
    /// The stored state, for a widget. A widget cannot ask the user to authenticate.
    public func glance() async throws -> SessionState {
        do {
            return try await restore()
        } catch SessionError.userAuthenticationFailed, SessionError.deviceLocked {
            return .locked
        }
    }
}
