import Foundation
internal import PilotlightCore

/// How the user is asked to sign in. The options apply to one sign-in, and override the configuration's
/// ``SessionConfiguration/authorizeParameters``.
public struct SignInOptions: Hashable, Sendable {
    /// `login_hint`: the address or name to prefill (OpenID Connect Core 3.1.2.1).
    public var loginHint: String?
    /// `max_age`, in seconds: how long ago the user may have authenticated at most. Pilotlight checks it in the ID token
    /// (`auth_time`). Nil sets no limit.
    public var maxAge: TimeInterval?
    /// `prompt`: what the issuer must ask the user even if the user is signed in there (OpenID Connect Core 3.1.2.1). If
    /// empty, the issuer decides.
    public var prompt: Set<Prompt>
    /// `acr_values`: the requested authentication context classes, the preferred one first. The issuer may ignore them.
    public var acrValues: [String]
    /// `ui_locales`: the languages for the issuer's pages, the preferred one first, as BCP 47 tags (`fr-CA`).
    public var uiLocales: [String]
    /// `claims`: individual claims to request in the ID token and from userinfo (OpenID Connect Core 5.5).
    public var claims: [String: SessionJSON]
    /// `organization`, at Auth0: the organisation to sign in to, by its identifier (`org_…`) or its name. The ID token must
    /// name it (`org_id` or `org_name`).
    public var organization: String?
    /// `invitation`, at Auth0: the ticket of an invitation to ``organization``, from the link that the user opened.
    public var invitation: String?
    /// `connection`, at Auth0: the identity provider or database to sign in with, so that its page is shown at once.
    public var connection: String?
    /// `screen_hint`, at Auth0: the page to begin with.
    public var screenHint: ScreenHint?
    /// Further parameters. A field above overrides the parameter with the same name.
    public var parameters: [String: String]

    /// Creates options; each may be omitted.
    public init(
        loginHint: String? = nil, maxAge: TimeInterval? = nil, prompt: Set<Prompt> = [], acrValues: [String] = [],
        uiLocales: [String] = [], claims: [String: SessionJSON] = [:], organization: String? = nil,
        invitation: String? = nil, connection: String? = nil, screenHint: ScreenHint? = nil,
        parameters: [String: String] = [:]
    ) {
        self.loginHint = loginHint
        self.maxAge = maxAge
        self.prompt = prompt
        self.acrValues = acrValues
        self.uiLocales = uiLocales
        self.claims = claims
        self.organization = organization
        self.invitation = invitation
        self.connection = connection
        self.screenHint = screenHint
        self.parameters = parameters
    }

    /// A value of `prompt`. For a value that is not listed here, pass its text: `Prompt(rawValue: "enroll")`.
    public struct Prompt: RawRepresentable, Hashable, Sendable {
        /// The text that is sent.
        public let rawValue: String

        /// Creates a value from the text that is sent.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// Show no page: if one would be needed, the sign-in fails with `login_required` or a similar code. It cannot be
        /// combined with another value.
        public static let none = Self(rawValue: "none")
        /// Authenticate again.
        public static let login = Self(rawValue: "login")
        /// Ask for consent again; many issuers issue a refresh token only then (OpenID Connect Core 11).
        public static let consent = Self(rawValue: "consent")
        /// Let the user choose an account.
        public static let selectAccount = Self(rawValue: "select_account")
        /// Create an account (OpenID Connect Prompt Create 1.0).
        public static let create = Self(rawValue: "create")
    }

    /// A value of Auth0's `screen_hint`. For a value that is not listed here, pass its text.
    public struct ScreenHint: RawRepresentable, Hashable, Sendable {
        /// The text that is sent.
        public let rawValue: String

        /// Creates a value from the text that is sent.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// The page for signing in.
        public static let logIn = Self(rawValue: "login")
        /// The page for creating an account.
        public static let signUp = Self(rawValue: "signup")
        /// The page for a forgotten password.
        public static let resetPassword = Self(rawValue: "reset-password")
    }
}

extension SignInOptions {
    /// The core's options. Throws if `maxAge` is not a valid number of seconds, and if `prompt` contradicts itself.
    var core: PilotlightCore.SignInOptions {
        get throws {
            if prompt.contains(.none) && prompt.count > 1 {
                throw SessionError.argumentInvalid(
                    argument: "prompt", message: "prompt has none beside other values (OpenID Connect Core 3.1.2.1)")
            }
            return PilotlightCore.SignInOptions(
                loginHint: loginHint, maxAgeSeconds: try maxAge.map { try wholeSeconds($0, argument: "maxAge") },
                parameters: parameters.merging(try typedParameters) { $1 })
        }
    }

    private var typedParameters: [String: String] {
        get throws {
            let claims = try claims.isEmpty ? nil : JSONText.text(of: claims, argument: "claims")
            let lists = [
                "prompt": prompt.map(\.rawValue).sorted(), "acr_values": acrValues, "ui_locales": uiLocales,
            ]
            let texts = [
                "claims": claims, "organization": organization, "invitation": invitation, "connection": connection,
                "screen_hint": screenHint?.rawValue,
            ]
            return lists.filter { !$0.value.isEmpty }.mapValues { $0.joined(separator: " ") }
                .merging(texts.compactMapValues { $0 }) { $1 }
        }
    }
}
