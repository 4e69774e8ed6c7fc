import Foundation
import IdentityServerSupport
import Testing

@testable import Pilotlight

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// The identity server's `api/payments` plays the app's API: it requires the authentication that its query names (RFC 9470).
@Suite struct StepUpTests {
    private static let secondFactor = "http://schemas.openid.net/pape/policies/2007/06/multi-factor"

    private func payment(at server: IdentityServer, _ query: String) throws -> URLRequest {
        var request = URLRequest(url: try #require(URL(string: "\(server.issuer)api/payments?\(query)")))
        request.setValue("planted", forHTTPHeaderField: "X-Key")
        return request
    }

    /// The challenge that a request throws.
    private func challenge(
        _ session: Session, _ request: URLRequest, audience: TokenAudience? = nil
    ) async throws -> StepUpChallenge {
        do {
            _ = try await session.data(for: request, audience: audience)
        } catch SessionError.stepUpRequired(let challenge, _) {
            return challenge
        }
        throw SupportError("the API wanted no other authentication")
    }

    @Test func theUserStepsUpAndTheRequestIsSentAgain() async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession()
        let request = try payment(at: server, "acr_values=\(Self.secondFactor)&max_age=300")
        let challenge = try await challenge(session, request)
        #expect(challenge.requirement == StepUpRequirement(acrValues: [Self.secondFactor], maxAge: 300))
        #expect(try await server.counter("refresh_grants") == 0, "no other token would help")
        #expect(!"\(challenge) \(String(reflecting: challenge))".contains("planted"))
        let (data, response) = try await session.stepUp(for: challenge, using: TestBrowser())
        #expect(response.statusCode == 200)
        let answer = try JSONDecoder().decode([String: SessionJSON].self, from: data)
        #expect(answer["user"] == "auth0|ada")
        #expect(try await session.data(for: request).1.statusCode == 200, "and so the next one")
        await server.stop()
    }

    /// The calls of Objective-C, except for the browser.
    @MainActor @Test func objectiveCStepsUpWithTheErrorThatItGot() async throws {
        let server = try await IdentityServer.start()
        let session = PLTSession(try await server.signedInSession())
        let request = try payment(at: server, "acr_values=\(Self.secondFactor)&max_age=300")
        let refused = await withCheckedContinuation { continuation in
            session.data(for: request) { _, _, error in continuation.resume(returning: error) }
        }
        let error = try #require(refused)
        let asObjectiveCHasIt = error as NSError
        #expect(asObjectiveCHasIt.userInfo["PilotlightACRValues"] as? [String] == [Self.secondFactor])
        #expect(asObjectiveCHasIt.userInfo["PilotlightMaxAge"] as? TimeInterval == 300)
        let status = await withCheckedContinuation { continuation in
            session.stepUp(for: error, using: TestBrowser()) { _, response, _ in
                continuation.resume(returning: response?.statusCode)
            }
        }
        #expect(status == 200)
        let other = await withCheckedContinuation { continuation in
            session.stepUp(for: URLError(.timedOut), using: TestBrowser()) { _, _, error in
                continuation.resume(returning: (error as? SessionError)?.errorCode)
            }
        }
        #expect(other == SessionError.argumentInvalid(argument: "", message: "").errorCode)
        await server.stop()
    }

    @Test func anApiThatIsNotContentIsNotAskedInALoop() async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession()
        let api = try RecordingServer { _ in
            let challenge = "Bearer error=insufficient_user_authentication, max_age=9"
            return RecordingServer.Response(401, ["WWW-Authenticate": challenge])
        }
        defer { api.stop() }
        let first = try await challenge(session, URLRequest(url: try api.url("/")))
        do {
            _ = try await session.stepUp(for: first, using: TestBrowser())
            Issue.record("the API is not content")
        } catch SessionError.stepUpRequired(let second, _) {
            #expect(second.requirement == StepUpRequirement(maxAge: 9))
        }
        #expect(api.requests.count == 2)
        #expect(try await server.counter("code_grants_honoured") == 2)
        await server.stop()
    }

    @Test func whatAnotherTaskHasReachedMeanwhileIsUsed() async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession()
        let first = try #require(session.cachedAccessToken())
        let stepping = Task.detached {
            try await session.stepUp(to: StepUpRequirement(acrValues: [Self.secondFactor]), using: TestBrowser())
        }
        let api = try RecordingServer { request in
            guard request.headers["authorization"] == "Bearer \(first)" else { return RecordingServer.Response(200) }
            while session.cachedAccessToken() == first { usleep(1000) }
            return RecordingServer.Response(401, ["WWW-Authenticate": "Bearer error=insufficient_user_authentication"])
        }
        defer { api.stop() }
        let (_, response) = try await session.data(for: URLRequest(url: try api.url("/")))
        #expect(response.statusCode == 200)
        _ = try await stepping.value
        await server.stop()
    }

    @Test func aFurtherApisTokenIsAnotherOneAfterwards() async throws {
        let server = try await IdentityServer.start()
        try await server.change(["multi_resource_refresh": true])
        let session = try await server.signedInSession(metadataAccess: true)
        let audience = TokenAudience("https://api.example.com/", scopes: ["read:messages"])
        let request = try payment(at: server, "acr_values=\(Self.secondFactor)")
        let challenge = try await challenge(session, request, audience: audience)
        #expect(challenge.audience == audience)
        let (_, response) = try await session.stepUp(for: challenge, using: TestBrowser())
        #expect(response.statusCode == 200)
        await server.stop()
    }

    @Test func whatIsNotReachedChangesNothing() async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession()
        let token = session.cachedAccessToken()
        let failure = { (requirement: StepUpRequirement, browser: TestBrowser) async -> SessionError? in
            do {
                try await session.stepUp(to: requirement, using: browser)
                return nil
            } catch {
                return error as? SessionError
            }
        }
        for (requirement, browser, code) in [
            (StepUpRequirement(acrValues: ["urn:made-up"]), TestBrowser(), "unmet_authentication_requirements"),
            (StepUpRequirement(maxAge: 60), TestBrowser(signInAs: "grace@example.com"), "user_mismatch"),
            (StepUpRequirement(), TestBrowser(denyWith: "access_denied"), "access_denied"),
        ] {
            guard case .signInFailed(code, _) = await failure(requirement, browser) else {
                Issue.record("\(code) was expected")
                continue
            }
            #expect(session.cachedAccessToken() == token)
        }
        guard case .argumentInvalid("maxAge", _) = await failure(StepUpRequirement(maxAge: -1), TestBrowser()) else {
            Issue.record("no number of seconds")
            return
        }
        await server.stop()
    }

    @Test func anAppsOwnAnswerIsRead() throws {
        let url = try #require(URL(string: "https://api.example.com/"))
        let answer = { (status: Int, header: String) in
            HTTPURLResponse(url: url, statusCode: status, httpVersion: nil, headerFields: ["www-authenticate": header])
        }
        let header = "Basic realm=\"a\", DPoP error=\"insufficient_user_authentication\", acr_values=\"a b\""
        #expect(
            StepUpRequirement(try #require(answer(401, header))) == StepUpRequirement(acrValues: ["a", "b"]))
        #expect(StepUpRequirement(try #require(answer(403, header))) == nil)
        #expect(StepUpRequirement(try #require(answer(401, "Bearer error=\"invalid_token\""))) == nil)
    }
}
