import Foundation
internal import PilotlightCore

extension Session {
    /// Imports the session that another library stored, so that the user does not have to sign in again. Call it at each
    /// launch, after ``restore()``; it takes effect once.
    ///
    /// An existing session is never replaced, and after a sign-out the old item does not sign the user in again. The old item
    /// stays until ``discardImportedSession(from:)``, so that the app's previous version still works. The session is stored
    /// before ``states`` reports it. If the app is killed during the import, the next launch finds the old item or the new
    /// session. An access token that has expired is renewed at its first use.
    ///
    /// The ID token says whose session it is; its issuer and its client must be those of the ``configuration``. Without an
    /// ID token the archived profile identifies the user. Without either, the issuer is asked (network), after a renewal
    /// if the access token has expired. Otherwise no network.
    ///
    /// - Parameter source: Where the other library stored it.
    /// - Returns: The outcome. An item that exists but cannot be imported is ``ImportOutcome/unreadable(problem:)``; let the
    ///   user sign in.
    /// - Throws: After each of these nothing has changed, and the same call may succeed later:
    ///   ``SessionError/deviceLocked(message:)``, ``SessionError/storageFailed(status:message:)`` (also on a platform without a
    ///   Keychain), ``SessionError/readOnly(message:)`` for a read-only session,
    ///   ``SessionError/userAuthenticationFailed(reason:message:)``,
    ///   ``SessionError/temporarilyUnavailable(reason:retryAfter:message:)``, `CancellationError`.
    @discardableResult
    public func importSession(from source: ImportSource) async throws -> ImportOutcome {
        ImportOutcome(try await call(givesNothingOut: true) { try await $0.importSession(source: source.core) })
    }

    /// Permanently deletes the item that the other library stored. Call it when users can no longer go back to a version of
    /// the app with that library. No network.
    ///
    /// - Parameter source: The same source as for ``importSession(from:)``, in the Keychain. If the app read the tokens itself,
    ///   it must also delete them itself: such a source throws ``SessionError/argumentInvalid(argument:message:)``.
    /// - Returns: False if nothing was deleted, because there is no session here and none was imported: the old item may
    ///   then be the user's only session.
    /// - Throws: ``SessionError/deviceLocked(message:)``, ``SessionError/storageFailed(status:message:)``,
    ///   ``SessionError/readOnly(message:)``, `CancellationError`.
    @discardableResult
    public func discardImportedSession(from source: ImportSource) async throws -> Bool {
        try await call(givesNothingOut: true) { try await $0.discardImportedSession(source: source.core) }
    }
}
