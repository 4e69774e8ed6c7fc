internal import PilotlightCore

extension Session {
    /// The names of the sessions that are stored for this client at this issuer, sorted: for apps in which several users are
    /// signed in side by side. Open one with ``init(_:storage:name:readOnly:log:metrics:userAuthentication:)``; remove one with
    /// its ``signOut()``, which does not affect the others. A session that has ended, or that waits to be revoked after a
    /// sign-out offline, is still listed. `.inMemory` is never shared, so it has no names.
    ///
    /// Reads the store's list, but no session: there is no Face ID prompt. No network.
    ///
    /// - Parameters:
    ///   - configuration: Which client, at which issuer.
    ///   - storage: Where the sessions are; by default, as in the initializer, the Keychain.
    /// - Throws: ``SessionError/configurationInvalid(field:message:)``, ``SessionError/deviceLocked(message:)``,
    ///   ``SessionError/storageFailed(status:message:)``, `CancellationError`.
    public static func names(
        for configuration: SessionConfiguration, in storage: SessionStorage = .keychain()
    ) async throws -> [String] {
        try await waitUnlessCancelled {
            do {
                return try await storedSessionNames(
                    configuration: try configuration.core, storage: try storage.checked())
            } catch {
                throw SessionError.of(error)
            }
        }
    }
}
