import Foundation
import Testing

@testable import Pilotlight

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// However a value is printed, the output shows no token, no user data and no value of the app's own headers and parameters.
///
/// scripts/swift-public-types.sh checks that every public type is in the table.
@Suite struct PrintingTests {
    private static let secret = "planted"
    private static let json: SessionJSON = ["planted-key": "planted-value", "list": ["planted"], "on": .string(secret)]

    @Test func nothingIsPrinted() async throws {
        for (name, values) in try await table() {
            for value in values {
                for text in printed(value) {
                    #expect(!text.replacing("planted-key", with: "").contains(Self.secret), "\(name): \(text)")
                    #expect(!text.contains("PilotlightCore"), "\(name): \(text)")
                }
            }
        }
    }

    private func printed(_ value: Any) -> [String] {
        var (printed, dumped) = ("", "")
        print(value, to: &printed)
        dump(value, to: &dumped)
        return [printed, dumped, "\(value)", String(reflecting: value), String(reflecting: [value]), mirrored(value)]
    }

    private func mirrored(_ value: Any, depth: Int = 0) -> String {
        guard depth < 12 else { return "" }
        return Mirror(reflecting: value).children.map {
            "\($0.label ?? "")=\($0.value) \(String(reflecting: $0.value)) \(mirrored($0.value, depth: depth + 1))"
        }.joined(separator: "\n")
    }

    private func session() async throws -> Session {
        let session = Session.preview(
            state: .signedIn(subject: Self.secret, expiresAt: .distantFuture),
            profile: try SessionProfile(claims: ["sub": "planted", "name": "planted", "other": "planted"]),
            metadata: ["planted-key": "planted"], waiting: [["planted-key": "planted"]], accessToken: Self.secret)
        #expect(try await session.accessToken() == Self.secret)
        #expect(session.cachedAccessToken() == Self.secret)
        return session
    }

    private func table() async throws -> [String: [Any]] {
        let session = try await session()
        let profile = try SessionProfile(claims: [
            "sub": "planted", "email": "planted", "address": ["country": "planted"],
        ])
        let state = SessionState.signedIn(subject: Self.secret, expiresAt: .distantFuture)
        let message = SessionError.Message("m", issuerMessage: Self.secret)
        var configuration = SessionConfiguration.auth0(domain: "d", clientID: "c", redirectURI: "r://r")
        configuration.headers = ["X-Key": Self.secret]
        configuration.tokenParameters = ["t": Self.secret]
        configuration.authorizeParameters = ["login_hint": Self.secret]
        let network = URLSessionConfiguration.ephemeral
        network.httpAdditionalHeaders = ["X-Key": Self.secret]
        var request = URLRequest(url: try #require(URL(string: "https://api.example.com/planted")))
        request.setValue(Self.secret, forHTTPHeaderField: "X-Key")
        let stepUp = StepUpChallenge(StepUpRequirement(acrValues: ["a"], maxAge: 1), request: request)
        var table: [String: [Any]] = [
            "ImportOutcome": [ImportOutcome.imported(state: state)],
            "ImportProblem": [ImportProblem.ended],
            "ImportSource": [
                ImportSource.tokens(accessToken: Self.secret, refreshToken: Self.secret, idToken: Self.secret),
                ImportSource.archive(Data(Self.secret.utf8)), ImportSource.lockV1(),
                ImportSource.auth0CredentialsManager(),
            ],
            "KeychainAccessConstraint": [KeychainAccessConstraint.userPresence],
            "KeychainAccessControl": [KeychainAccessControl(.userPresence, prompt: "p")],
            "KeychainAccessibility": [KeychainAccessibility.always],
            "LegacyAuth0": [session.legacy],
            "LegacyAuth0.Grant": [LegacyAuth0.Grant.idToken],
            "ExternalToken": [
                ExternalToken(
                    Self.secret, type: "urn:t", userProfile: ["planted-key": .string(Self.secret)],
                    parameters: ["a": Self.secret]),
                ExternalToken.apple(authorizationCode: Data(Self.secret.utf8), email: Self.secret),
                ExternalToken(Self.secret, type: "urn:t", actor: ActorToken(Self.secret, type: "urn:s")),
                try await session.deviceSSOToken(),
            ],
            "SessionTransfer": [try await session.sessionTransfer()],
            "SubjectToken": [SubjectToken.idToken, SubjectToken.accessToken.named("urn:t")],
            "ActorToken": [ActorToken(Self.secret, type: "urn:t")],
            "DeviceSignIn": [
                try await Session.preview().beginDeviceSignIn()
            ],
            "UserAuthenticationFailure": [UserAuthenticationFailure.cancelled],
            "UserAuthenticationPolicy": [
                UserAuthenticationPolicy.always(reason: "r", authenticator: ScriptedAuthenticator())
            ],
            "SessionCounters": [session.counters],
            "SessionMeasurement": [
                SessionMeasurement(operation: .sharedRenewal, result: .succeeded, duration: 1)
            ],
            "SessionMeasurement.Operation": [SessionMeasurement.Operation.request(endpoint: "e", status: 200)],
            "SessionMeasurement.Result": [SessionMeasurement.Result.busy],
            "MFAAnswer": [
                MFAAnswer.otp(Self.secret), MFAAnswer.code(Self.secret), MFAAnswer.push,
                MFAAnswer.recoveryCode(Self.secret),
            ],
            "MFAAuthenticator": [MFAAuthenticator(id: Self.secret, kind: .otp, name: Self.secret)],
            "MFAAuthenticator.Kind": [MFAAuthenticator.Kind.outOfBand(channel: "sms")],
            "MFAChallenge": [MFAChallenge(factors: ["otp"], enrollableFactors: ["phone"])],
            "MFAPrompt": [MFAPrompt.push],
            "MFARecoveryCode": [MFARecoveryCode(Self.secret)],
            "MetadataFlush": [MetadataFlush(applied: [1], dropped: [.init(id: 1, message: "m")], waiting: 1)],
            "MetadataFlush.Dropped": [MetadataFlush.Dropped(id: 1, message: "m")],
            "MetadataUpdate": [MetadataUpdate.done(["planted-key": Self.json]), MetadataUpdate.waiting(id: 1)],
            "PLTImportOutcome": [PLTImportOutcome.imported],
            "PLTSession": [PLTSession(session)],
            "PLTSessionState": [PLTSessionState.signedIn],
            "PendingMetadataUpdate": session.metadata.pending,
            "ProxySource": [ProxySource.system],
            "ReauthenticationReason": [ReauthenticationReason.noRefreshToken],
            "ReinstallPolicy": [ReinstallPolicy.keep],
            "RetryReason": [RetryReason.network],
            "Session": [session, Optional(session) as Any, [session]],
            "SessionConfiguration": [configuration],
            "SessionConfiguration.Provider": [configuration.provider],
            "SessionError": [
                SessionError.signInFailed(code: "c", message: message),
                SessionError.configurationInvalid(field: "f", message: message),
                SessionError.stepUpRequired(stepUp, message: message),
                SessionError.mfaRequired(MFAChallenge(), message: message),
                SessionError.mfaRejected(code: "c", message: message),
            ],
            "SessionError.Message": [message],
            "SessionEvent": [
                SessionEvent.signedIn(subject: Self.secret, by: .browser), SessionEvent.restored(subject: Self.secret),
                SessionEvent.renewed(audience: nil, expiresAt: .distantFuture, elsewhere: true),
                SessionEvent.renewalFailed(audience: "a", error: .internalFault(message: message), retryAt: Date()),
                SessionEvent.ended(reason: .noRefreshToken), SessionEvent.signedOut(elsewhere: true),
                SessionEvent.willEnd(at: .distantFuture, reason: .idleTooLong),
                SessionEvent.profileChanged, SessionEvent.metadataUpdateSent(id: 1),
                SessionEvent.metadataUpdateRefused(id: 1), SessionEvent.refreshTokenMissing,
            ],
            "SessionEvents": [session.events],
            "SessionEvents.Iterator": [session.events.makeAsyncIterator()],
            "SessionJSON": [
                Self.json, SessionJSON.string(Self.secret), SessionJSON.array(["planted"]), SessionJSON.null,
                SessionJSON.bool(true), SessionJSON.integer(1), SessionJSON.double(1.5),
            ],
            "LogoutOptions": [LogoutOptions(logoutHint: Self.secret, parameters: ["p": Self.secret])],
            "SessionLifetime": [SessionLifetime(absolute: 86_400, idle: 3600)],
            "SessionLog": [SessionLog.standard],
            "SessionLog.Level": [SessionLog.Level.debug],
            "SessionMetadata": [session.metadata],
            "SessionProfile": [profile, [profile], profile.claims],
            "SessionProfile.Address": [try #require(profile.address)],
            "SessionState": [
                state, SessionState.locked, SessionState.reauthenticationRequired(reason: .noRefreshToken),
            ],
            "SessionStates": [session.states],
            "SessionStates.Iterator": [session.states.makeAsyncIterator()],
            "SessionStorage": [SessionStorage.keychain(), SessionStorage.inMemory],
            "SessionTransport": [SessionTransport.standard, SessionTransport.urlSession(network)],
            "SignInMethod": [SignInMethod.browser],
            "SignInOptions": [
                SignInOptions(
                    loginHint: Self.secret, maxAge: 1, claims: [Self.secret: .null], organization: Self.secret,
                    invitation: Self.secret, connection: Self.secret, parameters: ["p": Self.secret])
            ],
            "SignInOptions.Prompt": [SignInOptions.Prompt.login],
            "SignInOptions.ScreenHint": [SignInOptions.ScreenHint.signUp],
            "SignInReason": [SignInReason.signedOut],
            "SignOutOutcome": [SignOutOutcome.revoked],
            "StepUpChallenge": [stepUp],
            "StepUpRequirement": [stepUp.requirement],
            "TokenAudience": [TokenAudience("a")],
            "BoundKey": [BoundKey(thumbprint: "t", isInSecureEnclave: true)],
            "TokenBinding": [TokenBinding.required],
        ]
        #if canImport(Combine)
        let observable = await ObservableSession(session)
        await observable.loadProfile()
        #expect(await observable.profile?.name == Self.secret)
        table["ObservableSession"] = [observable]
        #endif
        #if canImport(Observation)
        if #available(iOS 17, macOS 14, *) {
            let model = await SessionModel(session)
            await model.loadProfile()
            #expect(await model.profile?.name == Self.secret)
            table["SessionModel"] = [model]
            table["SessionAccounts.Account"] = [SessionAccounts.Account(id: "default", model: model)]
            table["SessionAccounts"] = [await SessionAccounts(session.configuration)]
        }
        #endif
        return table
    }
}
