import Foundation
import Pilotlight
import SampleKit
import ServerSupport
import Testing

@MainActor @Suite struct ScreenTests {
    @Test func theProfileScreenKeepsItsRowsWhenTheNetworkIsGone() async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession()
        let model = SessionModel(session)
        #expect(model.profile == nil)
        await model.loadProfile()
        let rows = try #require(model.profile?.rows)
        #expect(rows == session.cachedProfile?.rows)
        #expect(rows.contains { $0.id == "email" && $0.value == "ada@example.com" })
        #expect(model.error == nil)
        try await server.goOffline()
        await model.loadProfile(refresh: true)
        #expect(model.profile?.rows == rows)
        #expect(model.error?.canRetry == true)
        #expect(SessionModel(session).profile?.rows == rows)
        try await server.goOnline()
        await server.stop()
    }

    @Test func rowsAreReadable() throws {
        let profile = try SessionProfile(claims: [
            "sub": "1", "email_verified": true, "address": ["locality": "London", "country": "UK"], "updated_at": 0,
            "https://example.com/roles": ["admin"], "age": 36,
        ])
        let rows = Dictionary(uniqueKeysWithValues: profile.rows.map { ($0.id, $0.value) })
        #expect(
            rows == [
                "sub": "1", "email_verified": "true", "address": "London, UK", "updated_at": "1970-01-01T00:00:00Z",
                "https://example.com/roles": #"["admin"]"#, "age": "36",
            ])
    }

    /// Foundation ends the app when it writes a date that no calendar has.
    @Test(arguments: [1_732_000_000_000, 9_223_372_036_854_775_807, 1e300] as [SessionJSON])
    func aNumberThatIsNoMomentIsShownAsItIs(number: SessionJSON) throws {
        let profile = try SessionProfile(claims: ["sub": "1", "updated_at": number])
        #expect(profile.rows.map(\.value) == ["1", number.text])
    }

    @Test func theMetadataFormSendsOnlyWhatWasChanged() async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession(metadataAccess: true)
        try await server.setMetadata(of: "ada@example.com", ["first_name": "Ada", "country": "UK", "hidden": [1]])
        let editor = MetadataEditor(session)
        await editor.load()
        #expect(["first_name", "country", "city"].map { editor[text: $0] } == ["Ada", "UK", ""])
        #expect(!editor.hasChanges)
        let calls = try await server.requests(to: "users")
        #expect(await editor.save())
        #expect(try await server.requests(to: "users") == calls)
        editor[text: "country"] = "GB"
        editor[text: "country"] = "UK"
        #expect(!editor.hasChanges, "what was typed and taken back is no change")
        editor[text: "country"] = ""
        editor[text: "city"] = "London"
        #expect(editor.hasChanges)
        #expect(editor[text: "country"].isEmpty)
        #expect(await editor.save())
        #expect(editor.error == nil)
        #expect(!editor.hasChanges)
        let saved = try await server.metadata(of: "ada@example.com")
        #expect(saved == ["first_name": "Ada", "city": "London", "hidden": [1]])
        await server.stop()
    }

    @Test func adviceKnowsWhatHelps() {
        #expect(SessionError.shown(SessionError.signInCancelled) == nil)
        #expect(SessionError.shown(CancellationError()) == nil)
        let signIn = SessionError.signInRequired(reason: .signedOut, message: "")
        #expect(SessionError.shown(signIn) == signIn)
        #expect(SessionError.temporarilyUnavailable(reason: .network, retryAfter: nil, message: "").canRetry)
        #expect(SessionError.userAuthenticationFailed(reason: .cancelled, message: "").canRetry)
        #expect(!SessionError.readOnly(message: "").canRetry)
        #expect(!SessionError.configurationInvalid(field: "domain", message: "").canRetry)
        #expect(SessionError.shown(URLError(.unknown)) != nil)
    }

    /// A sentence that contains a value cannot be in a string catalogue.
    @Test(arguments: [
        SessionError.temporarilyUnavailable(reason: .rateLimited, retryAfter: 30, message: "m30"),
        .temporarilyUnavailable(reason: .network, retryAfter: 30, message: "m30"),
        .signInFailed(code: "code30", message: "m"), .configurationInvalid(field: "field30", message: "m"),
        .argumentInvalid(argument: "argument30", message: "m"), .storageFailed(status: 30, message: "m"),
        .internalFault(message: "m30"),
    ]) func sentencesHaveNoValuesInThem(error: SessionError) throws {
        #expect(!error.summary.contains("30"))
        #expect(!error.suggestion.isEmpty)
        #expect(!error.suggestion.contains("30"))
        if case .temporarilyUnavailable = error { return }
        #expect(error.detail?.contains("30") == true)
    }
}
