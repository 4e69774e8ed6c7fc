import Pilotlight

extension Session {
    /// What a widget shows: the session as it is in the store. It cannot ask who the user is.
    public func glance() async throws -> SessionState {
        do {
            return try await restore()
        } catch SessionError.userAuthenticationFailed, SessionError.deviceLocked {
            return .locked
        }
    }
}
