import Foundation
internal import PilotlightCore

extension Session {
    /// Takes over the session that another library stored, so that the user need not sign in anew. Call it at launch,
    /// where
    /// ``restore()`` says `.signedOut`; calling it at every launch does no harm.
    ///
    /// It happens **once**: a session that is there is never replaced, and after a sign-out the old item brings nobody
    /// back. The old item stays until ``discardImportedSession(from:)``, so that the app's previous version still
    /// works. The session is stored before ``states`` tells of it; whenever the app is killed, the next launch finds
    /// the one or the other. An access token that has expired is renewed at its first use.
    ///
    /// The ID token says whose session it is; its issuer and its client must be those of the ``configuration``. Where
    /// there is none, the archived profile says so, and where there is neither, the issuer is asked (network): with the
    /// access token, after a renewal where that is not good any more. Otherwise no network.
    ///
    /// - Parameter source: Where the other library kept it.
    /// - Returns: What became of it. What is there and cannot be taken over is an outcome,
    ///   ``ImportOutcome/unreadable(problem:)``; let the user sign in.
    /// - Throws: Nothing was changed, and the same call may succeed later: ``SessionError/deviceLocked(message:)``,
    ///   ``SessionError/storageFailed(status:message:)`` (also on a platform without a Keychain),
    ///   ``SessionError/readOnly(message:)`` for a read-only session,
    ///   ``SessionError/userAuthenticationFailed(cancelled:message:)``,
    ///   ``SessionError/temporarilyUnavailable(reason:retryAfter:message:)``, `CancellationError`.
    @discardableResult
    public func importSession(from source: ImportSource) async throws -> ImportOutcome {
        ImportOutcome(try await call { try await $0.importSession(source: source.core) })
    }

    /// Deletes what the other library stored, for good: when you are sure that no version of the app with that library
    /// comes back. No network.
    ///
    /// - Parameter source: As it was given to ``importSession(from:)``, and in the Keychain; what the app reads itself it
    ///   deletes itself (``SessionError/argumentInvalid(argument:message:)``).
    /// - Returns: False, and nothing is deleted, while there is no session here and none was imported: then the old item
    ///   may be all that the user has.
    /// - Throws: ``SessionError/deviceLocked(message:)``, ``SessionError/storageFailed(status:message:)``,
    ///   ``SessionError/readOnly(message:)``, `CancellationError`.
    @discardableResult
    public func discardImportedSession(from source: ImportSource) async throws -> Bool {
        try await call { try await $0.discardImportedSession(source: source.core) }
    }
}
