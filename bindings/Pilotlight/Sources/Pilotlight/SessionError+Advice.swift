extension SessionError {
    static let offlineAccessAdvice =
        "Add \"offline_access\" to `scopes`; at Auth0 also switch on APIs > your API > Settings > Allow Offline Access, "
        + "and Refresh Token under Applications > your app > Settings > Advanced Settings > Grant Types."

    static let storageAdvice =
        "check the Keychain entitlements (Xcode: Signing & Capabilities > Keychain Sharing, App Groups), or the file and "
        + "its folder."

    static let hostAdvice =
        "For the developer: if other hosts can be reached, check `domain` or `issuer`; the message names the host."

    static let certificateAdvice =
        "For the developer: the device must trust the server's certificate, which a self-signed one is not."

    static let closedPageAdvice =
        "For the developer: if the page showed the issuer's error, check `clientID` and `redirectURI`. At Auth0: "
        + "Applications > your app > Settings > Client ID and Allowed Callback URLs."

    static func refusalAdvice(_ code: String) -> String {
        "the issuer answers every renewal with `\(code)`, which does not say why. Most likely the refresh token has expired "
            + "or was revoked. If it happens to every user, check the client's settings at the issuer."
    }

    /// Where a field of the configuration is set: in the app, and in the Auth0 Dashboard.
    static func advice(forField field: String) -> String {
        let here = "check `\(field)` in `SessionConfiguration`"
        let place: String? =
            switch field {
            case "clientID":
                "Applications > your app > Settings > Client ID; Application Type must be Native, and Advanced Settings > "
                    + "Grant Types must include Authorization Code and Refresh Token, and MFA for second factors"
            case "redirectURI":
                "Applications > your app > Settings > Allowed Callback URLs must hold exactly this URI"
            case "domain":
                "Applications > your app > Settings > Domain, without a path"
            case "scopes":
                "APIs > your API > Permissions; for \"offline_access\" APIs > your API > Settings > Allow Offline Access. For "
                    + "\"device_sso\" at Okta: Security > API > your authorization server > Scopes, and Access Policies"
            case "audience", "resources":
                "APIs > your API > Settings > Identifier. For metadata set `metadataAccess: true`; for a further API, and for "
                    + "metadata beside an `audience`, Applications > your app > Settings > Multi-Resource Refresh Token must "
                    + "name it"
            case "dpop":
                "APIs > your API > Settings > Token Sender-Constraining (Sender Constraining Method: DPoP), and the same for "
                    + "Applications > your app > Settings"
            case "legacy":
                "Applications > your app > Settings > Advanced Settings > Grant Types, where the tenant still has Legacy"
            default: nil
            }
        if let place { return "\(here). At Auth0: \(place)." }
        switch field {
        case "issuer":
            return "\(here): exactly the `issuer` of the provider's discovery document, without "
                + "/.well-known/openid-configuration."
        case "transport", "name":
            return "check the argument `\(field)` of `Session.init`."
        case "storage":
            return
                "check the argument `storage` of `Session.init`: Xcode > Signing & Capabilities > Keychain Sharing and App Groups must list the groups; "
                + "on a platform without a Keychain use `.file(_:)` or `.inMemory`."
        case "provider", "metadataAccess":
            return "\(here): this is for Auth0 only."
        case "token_endpoint", "end_session_endpoint":
            return "check the client's settings at the issuer: it does not offer this call."
        case "Auth0.plist":
            return "add Auth0.plist with the keys `ClientId` and `Domain` to the app's target, or pass `domain:` and "
                + "`clientID:`. At Auth0: Applications > your app > Settings."
        default:
            return "\(here), or the client's settings at the issuer."
        }
    }

    /// What to do after a sign-in that failed.
    static func suggestion(forCode code: String) -> String {
        let developer = advice(forCode: code).map { " For the developer: \($0)" } ?? ""
        // Another attempt would bring an equally invalid ID token.
        if code == "id_token_invalid" { return "This app cannot sign you in now. (\(code))\(developer)" }
        return "Try to sign in again. (\(code))\(developer)"
    }

    /// What a developer can check after a sign-in that failed; nil if only the user can do something.
    private static func advice(forCode code: String) -> String? {
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
            "the message names the rule, and what was expected and found: for an algorithm choose one with public keys (at "
                + "Auth0: Applications > your app > Settings > Advanced Settings > OAuth > JSON Web Token Signature Algorithm: "
                + "RS256); for `iss` check `domain` or `issuer`; for `aud` check `clientID`; for times check the issuer's clock."
        case "no_sign_in_in_progress", "state_mismatch":
            "pass each callback to `completeSignIn(with:)` once, in the process that began the sign-in."
        case "sign_in_expired":
            "begin another sign-in: one that is not completed within 15 minutes ends."
        case "user_mismatch":
            "a step-up is for the session's own user; for another one sign out first."
        case "unmet_authentication_requirements":
            "the issuer must know the class that the API asks for, and the user must be able to reach it. At Auth0: an Action "
                + "that challenges for a second factor where `acr_values` names it."
        case "web_authentication_failed":
            "see the browser's or the authenticator's own error in the message. The system's sheet needs a window that is on "
                + "the screen."
        default: nil
        }
    }
}
