internal import PilotlightCore

/// How the browser is signed out at the issuer; see ``Session/signOutOfBrowser(using:returnTo:options:)``.
public struct LogoutOptions: Hashable, Sendable {
    /// `federated`: also signs out at the identity provider that the user signed in with. Auth0 only.
    public var federated: Bool
    /// Sends the session's last ID token as `id_token_hint` (OpenID Connect RP-Initiated Logout 1.0, 2). Without it some
    /// issuers ask the user to confirm, and some (Okta, older Keycloaks) do not return to the app. The ID token contains
    /// personal data, and the browser's history keeps it.
    ///
    /// For this the core keeps the ID token after ``Session/signOut()``: in memory, for 15 minutes, or until the browser returns.
    public var sendsIDTokenHint: Bool
    /// `logout_hint`: the address or name of the user to sign out.
    public var logoutHint: String?
    /// Further parameters. A parameter for the return address (`post_logout_redirect_uri`, `returnTo`, `logout_uri`) replaces
    /// the one that Pilotlight sends.
    public var parameters: [String: String]

    /// Creates options; each may be omitted.
    public init(
        federated: Bool = false, sendsIDTokenHint: Bool = false, logoutHint: String? = nil,
        parameters: [String: String] = [:]
    ) {
        self.federated = federated
        self.sendsIDTokenHint = sendsIDTokenHint
        self.logoutHint = logoutHint
        self.parameters = parameters
    }

    func core(returnTo: String?) -> PilotlightCore.LogoutOptions {
        PilotlightCore.LogoutOptions(
            returnTo: returnTo, federated: federated, sendsIdTokenHint: sendsIDTokenHint, logoutHint: logoutHint,
            parameters: parameters)
    }
}
