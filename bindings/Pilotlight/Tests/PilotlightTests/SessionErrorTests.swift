import Foundation
import Pilotlight
import Testing

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

@Suite struct SessionErrorTests {
    static let stepUp = StepUpChallenge(
        StepUpRequirement(maxAge: 60), request: URLRequest(url: URL(fileURLWithPath: "/")))

    static let every: [SessionError] = {
        let retries: [RetryReason] = [
            .network, .untrustedConnection, .serverFault, .rateLimited, .unexpectedAnswer, .anotherProcess,
            .noBackgroundTime,
        ]
        let signIns: [SignInReason] = [
            .signedOut, .refreshTokenRejected, .noRefreshToken, .interactionRequired, .accessDenied,
            .renewalsRefused(code: "invalid_request"), .proofKeyLost, .lifetimeEnded, .idleTooLong,
        ]
        return retries.map { .temporarilyUnavailable(reason: $0, retryAfter: nil, message: "m") }
            + [.temporarilyUnavailable(reason: .rateLimited, retryAfter: 6.2, message: "m")]
            + signIns.map { .signInRequired(reason: $0, message: "m") }
            + [
                .userAuthenticationFailed(reason: .cancelled, message: "m"),
                .userAuthenticationFailed(reason: .failed, message: "m"),
                .userAuthenticationFailed(reason: .required, message: "m"),
                .userAuthenticationFailed(reason: .unavailable, message: "m"), .readOnly(message: "m"),
                .deviceLocked(message: "m"), .signInFailed(code: "access_denied", message: "m"), .signInCancelled,
                .configurationInvalid(field: "clientID", message: "m"),
                .argumentInvalid(argument: "minTTL", message: "m"), .storageFailed(status: -34018, message: "m"),
                .storageFailed(status: nil, message: "m"), .internalFault(message: "m"),
                .stepUpRequired(stepUp, message: "m"), .mfaRequired(MFAChallenge(), message: "m"),
                .mfaRejected(code: "invalid_grant", message: "m"), .mfaRejected(code: "expired_token", message: "m"),
            ]
    }()

    @Test(arguments: every) func saysWhatHappenedAndWhatToDo(error: SessionError) {
        #expect(error.errorDescription?.hasPrefix(error.summary) == true)
        #expect(error.recoverySuggestion?.isEmpty == false)
        #expect(error.localizedDescription == error.errorDescription)
        #expect(error.failureReason == error.message)
    }

    @Test func theDescriptionSaysWhatHappenedHere() {
        let error = SessionError.configurationInvalid(
            field: "domain", message: "configuration: domain contains a space")
        #expect(error.localizedDescription.contains("domain contains a space"))
        let locked = SessionError.deviceLocked(message: "errSecInteractionNotAllowed")
        #expect(locked.localizedDescription == locked.summary, "a person's error has no developer's words")
    }

    @Test func theAdviceNamesWhatToChange() {
        let advice = { (error: SessionError) in error.recoverySuggestion ?? "" }
        #expect(
            advice(.temporarilyUnavailable(reason: .rateLimited, retryAfter: 6.2, message: "")).contains("7 seconds"))
        for seconds in [0.2, 1] {
            let limited = SessionError.temporarilyUnavailable(reason: .rateLimited, retryAfter: seconds, message: "")
            #expect(advice(limited) == "Try again in 1 second.")
        }
        #expect(advice(.argumentInvalid(argument: "minTTL", message: "")).contains("minTTL"))
        #expect(advice(.storageFailed(status: -34018, message: "")).contains("-34018"))
        #expect(advice(.signInFailed(code: "login_required", message: "")).contains("login_required"))
        #expect(advice(.signInRequired(reason: .noRefreshToken, message: "")).contains("Allow Offline Access"))
        let refused = SessionError.signInRequired(reason: .renewalsRefused(code: "token_expired"), message: "")
        #expect(advice(refused).hasPrefix("Sign in again.") && advice(refused).contains("token_expired"))
        #expect(refused.errorUserInfo["PilotlightReason"] as? String == "renewalsRefused")
        #expect(refused.errorUserInfo["PilotlightCode"] as? String == "token_expired")
    }

    /// The suggestions use the labels of the Auth0 Dashboard.
    @Test(arguments: [
        ("clientID", "Application Type"), ("clientID", "Grant Types"), ("redirectURI", "Allowed Callback URLs"),
        ("scopes", "Allow Offline Access"), ("scopes", "Access Policies"), ("audience", "Multi-Resource Refresh Token"),
        ("dpop", "Token Sender-Constraining"),
        ("audience", "metadataAccess"),
        ("domain", "Settings > Domain"), ("legacy", "Grant Types"), ("issuer", "/.well-known/openid-configuration"),
        ("storage", "Keychain Sharing"), ("Auth0.plist", "ClientId"), ("headers", "headers"),
    ]) func eachFieldHasItsPlace(field: String, place: String) {
        let error = SessionError.configurationInvalid(field: field, message: "m")
        #expect(error.recoverySuggestion?.contains(place) == true)
        #expect(error.recoverySuggestion?.contains(field) == true)
    }

    @Test(arguments: ["transport", "name", "storage"]) func argumentsOfTheSessionAreNoFields(field: String) {
        let advice = SessionError.configurationInvalid(field: field, message: "m").recoverySuggestion ?? ""
        #expect(advice.contains("`\(field)` of `Session.init`") && !advice.contains("`SessionConfiguration`"))
    }

    @Test func onlyPassingTroubleIsTemporary() {
        let temporary = Self.every.filter(\.isTemporary)
        #expect(temporary.count == 9)
        #expect(
            temporary.allSatisfy {
                if case .temporarilyUnavailable = $0 { true } else { $0 == .deviceLocked(message: "m") }
            })
    }

    /// Crash reporters group errors by these: a change here would change every app's statistics.
    @Test func domainAndCodesNeverChange() {
        #expect(SessionError.errorDomain == "Pilotlight.SessionError")
        let codes = Self.every.map { ($0 as NSError).code }
        #expect(
            codes == [
                1, 1, 1, 1, 1, 1, 1, 1, 5, 5, 5, 5, 5, 5, 5, 5, 5, 3, 3, 3, 3, 4, 2, 6, 7, 8, 9, 10, 10, 11, 12, 13,
                14, 14,
            ])
        #expect(Self.every.allSatisfy { ($0 as NSError).domain == "Pilotlight.SessionError" })
        let info = SessionError.configurationInvalid(field: "clientID", message: "m").errorUserInfo
        #expect(info["PilotlightField"] as? String == "clientID")
    }

    @Test func theReferenceNamesEveryKeyOfTheUserInfo() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "../../Sources/Pilotlight/SessionError+NSError.swift")
        let lines = String(decoding: try Data(contentsOf: file), as: UTF8.self).components(separatedBy: "\n")
        let named = Set(lines.filter { $0.contains("///") }.flatMap { $0.components(separatedBy: "`") })
        let keys = lines.compactMap { line in
            line.components(separatedBy: "info[\"").dropFirst().first?.components(separatedBy: "\"")[0]
        }
        #expect(keys.count >= 8)
        for key in keys { #expect(named.contains(key), "\(key)") }
    }

    @Test func theIssuersWordsAreForTheAppAndNoLog() {
        let words = "Konto gesperrt (AADB2C90118) für ada@example.com"
        let error = SessionError.signInFailed(
            code: "access_denied", message: .init("the sign-in failed: access_denied", issuerMessage: words))
        #expect(error.issuerMessage == words)
        var dumped = ""
        dump(error, to: &dumped)
        let printed = [
            "\(error)", String(reflecting: error), dumped, error.localizedDescription, "\(error.errorUserInfo)",
        ]
        #expect(printed.allSatisfy { !$0.contains("gesperrt") && !$0.contains("ada@example.com") })
        #expect(
            SessionError.signInCancelled.issuerMessage == nil && error.message == "the sign-in failed: access_denied")
    }
}
