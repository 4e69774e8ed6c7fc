internal import PilotlightCore

/// A type whose content is private to the user or the app. A log, `dump`, a debugger or a crash reporter that prints a value
/// gets its `description` and no members.
protocol Redacted: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {}

extension Redacted {
    /// The same as `description`.
    public var debugDescription: String { description }
    /// No members.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension Session: Redacted {
    /// The session's state, without tokens and user data.
    public var description: String {
        "Session(\(core.state().map { SessionState($0).description } ?? "not restored"))"
    }
}

extension SessionState: Redacted {
    /// The case; the user's `sub` is left out.
    public var description: String {
        switch self {
        case .signedOut: "signedOut"
        case .locked: "locked"
        case .signedIn(_, let expiresAt): "signedIn(expiresAt: \(expiresAt))"
        case .reauthenticationRequired(let reason): "reauthenticationRequired(\(reason))"
        }
    }
}

extension SessionEvent: Redacted {
    /// The case; the user's `sub` is left out.
    public var description: String {
        switch self {
        case .signedIn(_, let method): "signedIn(by: \(method))"
        case .refreshTokenMissing: "refreshTokenMissing"
        case .restored: "restored"
        case .renewed(let audience, let expiresAt, let elsewhere):
            "renewed(audience: \(audience ?? "nil"), expiresAt: \(expiresAt), elsewhere: \(elsewhere))"
        case .renewalFailed(let audience, let error, let retryAt):
            "renewalFailed(audience: \(audience ?? "nil"), error: \(error), retryAt: \(retryAt.map(String.init(describing:)) ?? "nil"))"
        case .willEnd(let end, let reason): "willEnd(at: \(end), \(reason))"
        case .ended(let reason): "ended(\(reason))"
        case .signedOut(let elsewhere): "signedOut(elsewhere: \(elsewhere))"
        case .profileChanged: "profileChanged"
        case .metadataUpdateSent(let id): "metadataUpdateSent(\(id))"
        case .metadataUpdateRefused(let id): "metadataUpdateRefused(\(id))"
        }
    }
}

extension SessionProfile: Redacted {
    /// The name of the type, without user data.
    public var description: String { "SessionProfile(redacted)" }
}

extension SessionProfile.Address: Redacted {
    /// The name of the type, without user data.
    public var description: String { "Address(redacted)" }
}

extension SessionJSON: Redacted {
    /// The kind of value only, because metadata and claims are the user's data. For the value itself, read a property such as
    /// ``stringValue``, or encode it.
    public var description: String {
        switch self {
        case .null: "null"
        case .bool: "bool(redacted)"
        case .integer: "integer(redacted)"
        case .double: "double(redacted)"
        case .string: "string(redacted)"
        case .array(let elements): "array(\(elements.count))"
        case .object(let members): "object(\(members.count))"
        }
    }
}

extension SignInOptions: Redacted {
    /// The names of the parameters, without their values.
    public var description: String {
        "SignInOptions(loginHint: \(loginHint == nil ? "nil" : "redacted"), maxAge: \(maxAge.map { "\($0)" } ?? "nil"), "
            + "prompt: \(prompt.map(\.rawValue).sorted()), parameters: \(parameters.keys.sorted()))"
    }
}

extension LogoutOptions: Redacted {
    /// The names of the parameters, without their values.
    public var description: String {
        "LogoutOptions(federated: \(federated), sendsIDTokenHint: \(sendsIDTokenHint), "
            + "logoutHint: \(logoutHint == nil ? "nil" : "redacted"), parameters: \(parameters.keys.sorted()))"
    }
}

extension SessionConfiguration: Redacted {
    /// The issuer, the client and the scopes; for parameters and headers only their names.
    public var description: String {
        "SessionConfiguration(\(provider), clientID: \(clientID), redirectURI: \(redirectURI), scopes: \(scopes), "
            + "audience: \(audience ?? "nil"), resources: \(resources), "
            + "authorizeParameters: \(authorizeParameters.keys.sorted()), tokenParameters: \(tokenParameters.keys.sorted()), "
            + "headers: \(headers.keys.sorted()), headerOrigins: \(headerOrigins), leeway: \(leeway), "
            + "lifetime: \(lifetime))"
    }
}

extension SessionStorage: Redacted {
    /// The kind of store, and where it is.
    public var description: String {
        switch core {
        case .keychain(let options): "Keychain, service \(options.service)"
        case .file(let path): "file \(path)"
        case .memory: "memory"
        }
    }
}

extension ImportSource: Redacted {
    /// The kind of source, without tokens.
    public var description: String {
        switch core {
        case .keychainArchive(let item): "Keychain item \(item.account) of \(item.service)"
        case .keychainStrings(let service, _): "Keychain items of \(service)"
        case .archivedBytes(let bytes): "archive of \(bytes.count) bytes"
        case .tokenValues: "tokens"
        }
    }
}
