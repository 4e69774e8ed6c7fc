import Foundation
internal import PilotlightCore

extension Session {
    /// What another app of yours signs in with on this device, without its user (OpenID Connect Native SSO for Mobile Apps 1.0; Okta:
    /// "Configure SSO for native apps"): the ID token, and the device secret that came with the sign-in. From memory; an ID token that
    /// has expired is renewed, with network. Nothing else is stored.
    ///
    /// ```swift
    /// // `first` is the session of the app that the user has signed in to, read-only over the Keychain that the apps share.
    /// try await second.signIn(exchanging: first.deviceSSOToken())
    /// ```
    ///
    /// The session must have begun with the scopes `openid`, `offline_access` and `device_sso`. Where the ID token cannot be renewed just
    /// now, such as in a read-only session, you get the last one: Okta accepts one that has expired, as long as the device secret is valid.
    ///
    /// The device secret is a key to your user's sign-in: anyone who has it and the ID token is signed in to all apps that the issuer allows.
    /// Pass it to apps of yours on this device only, and do not store it. ``signOut()`` revokes it, and at Okta all that came by it: the
    /// user is then signed out of these apps too.
    ///
    /// - Parameter secretType: What the issuer calls a device secret. Okta's name is the default; issuers that follow the specification
    ///   have `urn:openid:params:token-type:device-secret`.
    /// - Returns: The token for ``signIn(exchanging:)`` in the other app. Printing it shows neither.
    /// - Throws: ``SessionError/configurationInvalid(field:message:)`` naming `scopes` when the session has no device secret: the scope was
    ///   not asked for, or the issuer does not grant it (Okta: Security > API > your authorization server > Scopes and Access Policies).
    ///   Else as ``accessToken(minTTL:forceRefresh:allowExpired:)``.
    public func deviceSSOToken(
        secretType: String = "urn:x-oath:params:oauth:token-type:device-secret"
    ) async throws -> ExternalToken {
        let sso = try await call { try await $0.deviceSsoToken() }
        return ExternalToken(
            sso.idToken, type: "urn:ietf:params:oauth:token-type:id_token",
            actor: ActorToken(sso.deviceSecret, type: secretType))
    }
}
