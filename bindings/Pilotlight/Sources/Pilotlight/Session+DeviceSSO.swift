import Foundation
internal import PilotlightCore

extension Session {
    /// The tokens with which another app of yours can sign in on this device without asking the user (OpenID Connect Native SSO
    /// for Mobile Apps 1.0; Okta: "Configure SSO for native apps"): the ID token, and the device secret that came with the
    /// sign-in. They come from memory. An ID token that has expired is renewed first (network; persists). Nothing else is stored.
    ///
    /// ```swift
    /// // `first` is the session of the app that the user has signed in to, read-only over the Keychain that the apps share.
    /// try await second.signIn(exchanging: first.deviceSSOToken())
    /// ```
    ///
    /// The session must have begun with the scopes `openid`, `offline_access` and `device_sso`. If the ID token cannot be renewed
    /// now, for example in a read-only session, you get the last one: Okta accepts an expired one as long as the device secret is
    /// valid.
    ///
    /// The device secret is a key to your user's sign-in: anyone who has it and the ID token can sign in to all apps that the
    /// issuer allows. Pass it only to your apps on this device, and do not store it. ``signOut()`` revokes the device secret. At
    /// Okta that also ends every session that was created with it: the user is then signed out of those apps too.
    ///
    /// - Parameter secretType: The issuer's name for the token type of a device secret. Okta's name is the default; issuers that
    ///   follow the specification use `urn:openid:params:token-type:device-secret`.
    /// - Returns: The token for ``signIn(exchanging:)`` in the other app. Printing it shows neither the ID token nor the secret.
    /// - Throws: ``SessionError/configurationInvalid(field:message:)`` naming `scopes` if the session has no device secret: the
    ///   scope was not requested, or the issuer does not grant it (Okta: Security > API > your authorization server > Scopes and
    ///   Access Policies). Otherwise as ``accessToken(minTTL:forceRefresh:allowExpired:)``.
    public func deviceSSOToken(
        secretType: String = "urn:x-oath:params:oauth:token-type:device-secret"
    ) async throws -> ExternalToken {
        let sso = try await call { try await $0.deviceSsoToken() }
        return ExternalToken(
            sso.idToken, type: "urn:ietf:params:oauth:token-type:id_token",
            actor: ActorToken(sso.deviceSecret, type: secretType))
    }
}
