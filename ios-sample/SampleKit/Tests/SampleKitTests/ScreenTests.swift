import Foundation
import Pilotlight
import SampleKit
import ServerSupport
import Testing

@MainActor @Suite struct ScreenTests {
    @Test func theProfileScreenKeepsItsRowsWhenTheNetworkIsGone() async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession()
        let screen = ProfileScreen(session)
        #expect(screen.rows.isEmpty)
        await screen.load()
        #expect(screen.rows == session.cachedProfile.map(ProfileScreen.rows))
        #expect(screen.rows.contains { $0.id == "email" && $0.value == "ada@example.com" })
        #expect(screen.advice == nil)
        let rows = screen.rows
        try await server.goOffline()
        await screen.load(refresh: true)
        #expect(screen.rows == rows)
        #expect(screen.advice?.canRetry == true)
        #expect(ProfileScreen(session).rows == rows)
        try await server.goOnline()
        await server.stop()
    }

    @Test func rowsAreReadable() throws {
        let profile = try SessionProfile(claims: [
            "sub": "1", "email_verified": true, "address": ["locality": "London", "country": "UK"], "updated_at": 0,
            "https://example.com/roles": ["admin"], "age": 36,
        ])
        let rows = Dictionary(uniqueKeysWithValues: ProfileScreen.rows(of: profile).map { ($0.id, $0.value) })
        #expect(
            rows == [
                "sub": "1", "email_verified": "true", "address": "London, UK", "updated_at": "1970-01-01T00:00:00Z",
                "https://example.com/roles": #"["admin"]"#, "age": "36",
            ])
    }

    @Test func theMetadataFormSendsOnlyWhatWasChanged() async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession(metadataAccess: true)
        try await server.setMetadata(of: "ada@example.com", ["first_name": "Ada", "country": "UK", "hidden": [1]])
        let editor = MetadataEditor(session, names: ["first_name", "country", "city"])
        await editor.load()
        #expect(editor.fields == ["first_name": "Ada", "country": "UK", "city": ""])
        #expect(!editor.hasChanges)
        let calls = try await server.requests(to: "users")
        #expect(await editor.save())
        #expect(try await server.requests(to: "users") == calls)
        editor.fields["country"] = ""
        editor.fields["city"] = "London"
        #expect(editor.hasChanges)
        #expect(await editor.save())
        #expect(editor.advice == nil)
        #expect(!editor.hasChanges)
        let saved = try await server.metadata(of: "ada@example.com")
        #expect(saved == ["first_name": "Ada", "city": "London", "hidden": [1]])
        await server.stop()
    }

    @Test func adviceKnowsWhatHelps() {
        #expect(Advice(.signInCancelled) == nil)
        #expect(Advice.about(CancellationError()) == nil)
        #expect(Advice(.signInRequired(reason: .signedOut, message: ""))?.needsSignIn == true)
        #expect(Advice(.temporarilyUnavailable(reason: .network, retryAfter: nil, message: ""))?.canRetry == true)
        #expect(Advice(.userAuthenticationFailed(cancelled: true, message: ""))?.canRetry == true)
        #expect(Advice(.readOnly(message: ""))?.canRetry == false)
        #expect(Advice(.configurationInvalid(field: "domain", message: ""))?.canRetry == false)
        #expect(Advice.about(URLError(.unknown)) != nil)
    }

    /// A sentence with a value in it is in no catalogue of strings.
    @Test(arguments: [
        SessionError.temporarilyUnavailable(reason: .rateLimited, retryAfter: 30, message: "m30"),
        .temporarilyUnavailable(reason: .network, retryAfter: 30, message: "m30"),
        .signInFailed(code: "code30", message: "m"), .configurationInvalid(field: "field30", message: "m"),
        .argumentInvalid(argument: "argument30", message: "m"), .storageFailed(status: 30, message: "m"),
        .internalFault(message: "m30"),
    ]) func sentencesHaveNoValuesInThem(error: SessionError) throws {
        let advice = try #require(Advice(error))
        #expect(!advice.title.contains("30"))
        #expect(!advice.suggestion.isEmpty)
        #expect(!advice.suggestion.contains("30"))
        if case .temporarilyUnavailable = error { return }
        #expect(advice.detail?.contains("30") == true)
    }
}
