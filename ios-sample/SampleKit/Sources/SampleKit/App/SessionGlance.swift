import Pilotlight

extension Session {
    /// The stored state, for a widget; nil if it cannot be read. A widget cannot ask the user to authenticate.
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
