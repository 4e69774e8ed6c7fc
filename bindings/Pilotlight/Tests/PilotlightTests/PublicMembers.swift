import Foundation
import Testing

/// The public members of a session's types, read from the sources, because a symbol graph has the members of one platform only.
enum PublicMembers {
    private static let types: Set = [
        "Session", "SessionMetadata", "LegacyAuth0", "PLTSession", "SessionModel", "ObservableSession",
    ]

    /// Members that read memory, which ``PolicyCoverageTests`` tests by name.
    static var triedElsewhere: Set<String> {
        var names: Set = [
            "Session.cachedAccessToken(for:minTTL:)", "LegacyAuth0.cachedIDToken(minTTL:)", "SessionMetadata.pending",
        ]
        #if !canImport(Combine)
        // It has the same code as `SessionModel`, which is tested here.
        names.insert("ObservableSession.profile")
        #endif
        return names
    }

    /// Sign-ins, which count as an authentication, sign-outs, and members that return neither a token nor profile data.
    ///
    /// The user's identifier and the granted scopes belong to the state. An exchanged token is passed by the caller, who already
    /// has it. A recovery code comes from an answer that the user has just given.
    static let giveNothingOut: Set = [
        "Session.authorized(_:exchangedToken:)",
        "LegacyAuth0.signIn(username:password:connection:device:parameters:)",
        "ObservableSession.authenticateUser()", "ObservableSession.dismissError()",
        "ObservableSession.error",
        "ObservableSession.isBusy", "ObservableSession.isSignedIn", "ObservableSession.state",
        "ObservableSession.loadProfile(maxAge:)",
        "ObservableSession.loadProfile(refresh:)", "ObservableSession.renew()", "ObservableSession.restore()",
        "ObservableSession.isUserAuthenticationRequired", "ObservableSession.session",
        "ObservableSession.signIn(using:options:)", "ObservableSession.signOut()",
        "PLTSession.importLockSession(completion:)", "PLTSession.importLockSession(reportingOutcome:)",
        "PLTSession.requiresSignIn", "PLTSession.restore(completion:)", "PLTSession.session",
        "PLTSession.signIn(completion:)", "PLTSession.signOut(completion:)", "PLTSession.state",
        "PLTSession.stateDidChangeNotification",
        "PLTSession.stepUp(for:completion:)", "PLTSession.userIdentifier", "Session.authenticateUser()",
        "Session.authenticatedAt", "Session.authenticators(for:)", "Session.beginDeviceSignIn(parameters:)",
        "Session.beginSignIn(_:)", "Session.boundKey", "Session.cancelSignIn()", "Session.challenge(_:for:)",
        "Session.completeDeviceSignIn(_:)", "Session.completeLogout(with:)", "Session.completeSignIn(with:)",
        "Session.configuration", "Session.counters", "Session.description", "Session.discardImportedSession(from:)",
        "Session.eventPublisher", "Session.events", "Session.grantedScopes", "Session.hasRefreshToken",
        "Session.hasValidSession(minTTL:)", "Session.importSession(from:)", "Session.importSession(from:completion:)",
        "Session.isSignedIn",
        "Session.isUserAuthenticationRequired", "Session.keepProofNonce(of:)", "Session.legacy", "Session.metadata",
        "Session.names(for:in:)", "Session.preview(state:profile:metadata:waiting:accessToken:failingWith:)",
        "Session.restore()", "Session.restore(completion:)", "Session.signIn(exchanging:)",
        "Session.signIn(from:options:ephemeral:)", "Session.signIn(using:options:)",
        "Session.signIn(using:options:completion:)", "Session.signInOnAnotherDevice(parameters:show:)",
        "Session.signOut()", "Session.signOut(completion:)", "Session.signOutOfBrowser(using:returnTo:options:)",
        "Session.state", "Session.statePublisher", "Session.states", "Session.stepUp(for:using:completion:)",
        "Session.stepUp(for:using:parameters:via:)", "Session.stepUp(to:using:parameters:)",
        "Session.takeRecoveryCode()", "Session.timeLeft(for:)", "Session.verify(_:for:)",
        "SessionModel.authenticateUser()", "SessionModel.dismissError()", "SessionModel.error", "SessionModel.isBusy",
        "SessionModel.isSignedIn", "SessionModel.isUserAuthenticationRequired",
        "SessionModel.loadProfile(maxAge:)", "SessionModel.loadProfile(refresh:)", "SessionModel.renew()",
        "SessionModel.restore()", "SessionModel.session", "SessionModel.signIn(using:options:)",
        "SessionModel.signOut()", "SessionModel.state",
    ]

    /// The members as `Type.member` and `Type.method(label:)`.
    static func ofSessions() throws -> Set<String> {
        let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Sources/Pilotlight")
        let files = try FileManager.default.contentsOfDirectory(at: sources, includingPropertiesForKeys: nil)
        let found = try files.filter { $0.pathExtension == "swift" }.flatMap {
            members(of: try String(contentsOf: $0, encoding: .utf8))
        }
        try #require(found.count > 100)
        return Set(found)
    }

    /// Relies on the formatter: types are not indented, and members are indented by one level.
    private static func members(of text: String) -> [String] {
        var type = ""
        var found: [String] = []
        let lines = text.components(separatedBy: "\n")
        for (number, line) in lines.enumerated() {
            if let match = line.firstMatch(of: /^(?:public |final )*(?:class|struct|enum|extension|protocol) ([\w.]+)/)
            {
                type = String(match.1)
            }
            let member = /^    (?:@\w+ )*public (?:static |nonisolated |private\(set\) )*(func|var|let) (\w+)/
            guard types.contains(type), let match = line.firstMatch(of: member) else { continue }
            let name = "\(type).\(match.2)"
            found.append(match.1 == "func" ? name + labels(of: lines[number...].joined(separator: "\n")) : name)
        }
        return found
    }

    private static func labels(of declaration: String) -> String {
        var (depth, labels, isLabel) = (0, "(", true)
        for character in declaration.drop(while: { $0 != "(" }) {
            switch character {
            case "(", "[": depth += 1
            case ")", "]":
                depth -= 1
                if depth == 0 { return labels + ")" }
            case "," where depth == 1: isLabel = true
            case _ where depth != 1 || !isLabel: break
            case ":", " ":
                guard let last = labels.last, last != "(", last != ":" else { continue }
                labels += ":"
                isLabel = false
            case "\n": break
            default: labels.append(character)
            }
        }
        return labels + ")"
    }
}
