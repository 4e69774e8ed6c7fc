import Pilotlight

extension Session {
    /// What a widget shows: the session as it is in the store; nil where it cannot be read. It cannot ask who the user is.
    public func glance() async -> SessionState? {
        do {
            return try await restore()
        } catch SessionError.userAuthenticationFailed, SessionError.deviceLocked {
            return .locked
        } catch {
            return nil
        }
    }
}
