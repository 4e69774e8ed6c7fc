import Foundation
import Pilotlight
import Testing

@Suite struct SessionErrorTests {
    static let every: [SessionError] = {
        let retries: [RetryReason] = [
            .network, .untrustedConnection, .serverFault, .rateLimited, .unexpectedAnswer, .anotherProcess,
        ]
        let signIns: [SignInReason] = [
            .signedOut, .refreshTokenRejected, .noRefreshToken, .interactionRequired, .accessDenied,
        ]
        return retries.map { .retryLater(reason: $0, retryAfter: nil, message: "m") }
            + [.retryLater(reason: .rateLimited, retryAfter: 6.2, message: "m")]
            + signIns.map { .signIn(reason: $0, message: "m") }
            + [
                .authenticateUser(cancelled: true, message: "m"), .authenticateUser(cancelled: false, message: "m"),
                .openApp(message: "m"), .waitForUnlock(message: "m"),
                .restartSignIn(code: "access_denied", message: "m"), .signInCancelled,
                .fixConfiguration(field: "client_id", message: "m"), .fixArgument(argument: "minTTL", message: "m"),
                .checkStorage(status: -34018, message: "m"), .checkStorage(status: nil, message: "m"),
                .reportBug(message: "m"),
            ]
    }()

    @Test(arguments: every) func saysWhatHappenedAndWhatToDo(error: SessionError) {
        #expect(error.errorDescription?.isEmpty == false)
        #expect(error.recoverySuggestion?.isEmpty == false)
        #expect(error.localizedDescription == error.errorDescription)
        #expect(error.failureReason == error.message)
    }

    @Test func theAdviceNamesWhatToChange() {
        let advice = { (error: SessionError) in error.recoverySuggestion ?? "" }
        #expect(advice(.retryLater(reason: .rateLimited, retryAfter: 6.2, message: "")).contains("7 seconds"))
        #expect(advice(.fixConfiguration(field: "client_id", message: "")).contains("client_id"))
        #expect(advice(.fixArgument(argument: "minTTL", message: "")).contains("minTTL"))
        #expect(advice(.checkStorage(status: -34018, message: "")).contains("-34018"))
        #expect(advice(.restartSignIn(code: "login_required", message: "")).contains("login_required"))
    }

    @Test func onlyPassingTroubleIsTemporary() {
        let temporary = Self.every.filter(\.isTemporary)
        #expect(temporary.count == 8)
        #expect(temporary.allSatisfy { if case .retryLater = $0 { true } else { $0 == .waitForUnlock(message: "m") } })
    }
}
