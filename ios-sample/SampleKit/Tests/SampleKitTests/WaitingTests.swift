import Pilotlight
import SampleKit
import ServerSupport
import Testing

@MainActor @Suite(.timeLimit(.minutes(1))) struct WaitingTests {
    private func editor(_ session: Session) -> MetadataEditor {
        MetadataEditor(session)
    }

    /// The form with the user's `metadata` loaded, after the network was lost and another country was typed.
    private func offlineWithItalyTyped(
        over metadata: SessionJSON
    ) async throws -> (IdentityServer, Session, MetadataEditor) {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession(metadataAccess: true)
        try await server.setMetadata(of: "ada@example.com", metadata)
        let editor = editor(session)
        await editor.load()
        try await server.goOffline()
        editor[text: "country"] = "Italy"
        return (server, session, editor)
    }

    private func words(_ update: PendingMetadataUpdate) -> String {
        update.changes.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.isNull ? "gone" : $0.value.text)" }
            .joined(separator: ", ")
    }

    @Test func aChangeWaitsForTheNetworkAndIsSeen() async throws {
        let (server, session, editor) = try await offlineWithItalyTyped(over: ["first_name": "Ada", "country": "UK"])
        #expect(await !editor.save())
        #expect(editor.error == nil)
        #expect(editor.pending.map(words) == ["country: Italy"])
        #expect(editor[text: "country"] == "Italy")
        #expect(!editor.hasChanges)
        await editor.load()
        #expect(editor.delivery == .stillWaiting)
        #expect(editor.pending.count == 1)

        // The screen is opened again without a network: it has the waiting change, and nothing else is known.
        let later = self.editor(session)
        #expect(later.pending.count == 1)
        await later.load()
        #expect(!later.hasLoaded)
        #expect(later.error?.canRetry == true)
        #expect(later.pending.count == 1)

        try await server.goOnline()
        await editor.load()
        #expect(editor.delivery == .sent)
        #expect(editor.pending.isEmpty)
        #expect(editor[text: "country"] == "Italy")
        #expect(try await server.metadata(of: "ada@example.com") == ["first_name": "Ada", "country": "Italy"])
        await server.stop()
    }

    @Test func aWaitingChangeCanBeTakenBackAndWhatWasTypedStays() async throws {
        let (server, _, editor) = try await offlineWithItalyTyped(over: ["first_name": "Ada", "country": "UK"])
        _ = await editor.save()
        editor[flag: "active"] = true
        editor[text: "first_name"] = ""
        _ = await editor.save()
        #expect(editor.pending.map(words) == ["country: Italy", "active: true, first_name: gone"])
        editor[text: "first_name"] = "Augusta"
        let first = try #require(editor.pending.first)
        await editor.cancel(first.id)
        #expect(editor.pending.map(words) == ["active: true, first_name: gone"])
        #expect(editor[text: "country"] == "UK")
        #expect(editor[text: "first_name"] == "Augusta")
        #expect(editor[flag: "active"])
        #expect(editor.hasChanges)
        try await server.goOnline()
        #expect(await editor.save())
        #expect(
            try await server.metadata(of: "ada@example.com") == [
                "first_name": "Augusta", "country": "UK", "active": true,
            ])
        await server.stop()
    }

    @Test func aWaitingChangeThatTheIssuerRefusesIsTold() async throws {
        let (server, _, editor) = try await offlineWithItalyTyped(over: [:])
        _ = await editor.save()
        try await server.goOnline()
        try await server.addFault("users", ["kind": "status", "status": 400, "body": "{}"])
        await editor.load()
        #expect(editor.delivery == .refused)
        #expect(editor.pending.isEmpty)
        #expect(editor[text: "country"].isEmpty)
        await server.stop()
    }

    @Test func theWaitingStubShowsWhatWaits() async throws {
        let model = StubState.waiting.model()
        let session = try #require(model.session?.session)
        let editor = editor(session)
        await editor.load()
        #expect(!editor.hasLoaded)
        #expect(editor.pending.map(words) == ["country: Italy", "active: false"])
        await editor.cancel(try #require(editor.pending.first?.id))
        #expect(editor.pending.count == 1)
        #expect(!editor.hasLoaded)
    }
}
