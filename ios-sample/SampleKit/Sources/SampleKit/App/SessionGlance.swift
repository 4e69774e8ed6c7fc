import Pilotlight

extension Session {
    /// What a widget shows: the session as it is in the store, read and never changed; nil where it cannot be read. No
    /// network when the session was made with `readOnly`. A widget cannot ask for the session's owner: locked, then.
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
