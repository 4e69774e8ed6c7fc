extension SessionError {
    static let offlineAccessAdvice =
        "Add \"offline_access\" to `scopes`; at Auth0 also switch on APIs > your API > Settings > Allow Offline Access, "
        + "and Refresh Token under Applications > your app > Settings > Advanced Settings > Grant Types."

    static let storageAdvice =
        "check the Keychain entitlements (Xcode: Signing & Capabilities > Keychain Sharing, App Groups), or the file and "
        + "its folder."

    /// Where a field of the configuration is set, here and at the issuer. The places are those of the Auth0 Dashboard.
    static func advice(forField field: String) -> String {
        let here = "check `\(field)` in `SessionConfiguration`"
        let place: String? =
            switch field {
            case "clientID":
                "Applications > your app > Settings > Client ID; Application Type must be Native, and Advanced Settings > "
                    + "Grant Types must include Authorization Code and Refresh Token"
            case "redirectURI":
                "Applications > your app > Settings > Allowed Callback URLs must hold exactly this URI"
            case "domain":
                "Applications > your app > Settings > Domain, without a path"
            case "scopes":
                "APIs > your API > Permissions; for \"offline_access\" APIs > your API > Settings > Allow Offline Access"
            case "audience", "resources":
                "APIs > your API > Settings > Identifier; for a further API, or for metadata without `metadataAccess: true`, "
                    + "Applications > your app > Settings > Multi-Resource Refresh Token must name it"
            case "legacy":
                "Applications > your app > Settings > Advanced Settings > Grant Types, where the tenant still has Legacy"
            default: nil
            }
        if let place { return "\(here). At Auth0: \(place)." }
        switch field {
        case "issuer":
            return "\(here): exactly the `issuer` of the provider's discovery document, without "
                + "/.well-known/openid-configuration."
        case "storage":
            return
                "check `storage`: Xcode > Signing & Capabilities > Keychain Sharing and App Groups must list the groups; "
                + "on a platform without a Keychain use `.file(_:)` or `.inMemory`."
        case "provider":
            return "\(here): this call is for Auth0 only."
        case "token_endpoint", "end_session_endpoint":
            return "check the client's settings at the issuer: it does not offer this to the client."
        case "Auth0.plist":
            return "add Auth0.plist with the keys `ClientId` and `Domain` to the app's target, or pass `domain:` and "
                + "`clientID:`. At Auth0: Applications > your app > Settings."
        default:
            return "\(here), or the client's settings at the issuer."
        }
    }

    /// What a developer can check after a sign-in that failed; nil where only the user can do something.
    static func advice(forCode code: String) -> String? {
        switch code {
        case "unauthorized_client", "unsupported_response_type":
            advice(forField: "clientID")
        case "invalid_scope":
            advice(forField: "scopes")
        case "invalid_target":
            advice(forField: "audience")
        case "access_denied":
            "if the user did not decline, a rule at the issuer did, or it does not know the API: "
                + advice(forField: "audience")
        case "id_token_invalid":
            "the ID token's algorithm must be one with public keys. At Auth0: Applications > your app > Settings > Advanced "
                + "Settings > OAuth > JSON Web Token Signature Algorithm: RS256."
        case "no_sign_in_in_progress", "state_mismatch":
            "pass each callback to `completeSignIn(with:)` once, in the process that began the sign-in."
        case "sign_in_expired":
            "begin another sign-in: one that is not completed within 15 minutes ends."
        case "web_authentication_failed":
            "pass a window that is on the screen, and see the browser's own error in the message."
        default: nil
        }
    }
}
