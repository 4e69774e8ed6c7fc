import Foundation
import IdentityServerSupport
import Testing

@testable import Pilotlight

@Suite struct SessionStatesTests {
    @Test func anotherHandlesSignOutTakesTheTokensTextAway() async throws {
        let server = try await IdentityServer.start()
        let folder = try TemporaryFolder()
        let handles = try (0..<2).map { _ in
            try Session(server.auth0(), storage: folder.store("session"), log: .none)
        }
        try await handles[0].signIn(using: TestBrowser())
        #expect(handles[1].cachedAccessToken() != nil)
        #expect(!handles[1].tokens.isEmpty)
        let states = Task { [states = handles[1].states] in
            for await state in states where state == .signedOut { break }
        }
        await handles[0].signOut()
        await states.value
        #expect(handles[1].tokens.isEmpty)
        await server.stop()
    }

    @Test func everyListenerSeesTheWholeLifeInOrderAndEndsWithTheSession() async throws {
        let server = try await IdentityServer.start()
        var session: Session? = try Session(server.auth0(), storage: .inMemory, log: .none)
        let listeners = (0..<3).map { _ in session?.states.makeAsyncIterator() }
        try await session?.restore()
        try await session?.signIn(using: TestBrowser())
        try await server.revoke("ada@example.com")
        _ = try? await session?.accessToken(forceRefresh: true)
        await session?.signOut()
        // Waits until the last change was reported, before the session is deallocated.
        if let states = session?.states { for await state in states where state == .signedOut { break } }
        var late = session?.states.makeAsyncIterator()
        for listener in listeners {
            guard var listener else { continue }
            #expect(await listener.next() == .signedOut)
            #expect(await listener.next()?.isSignedIn == true)
            #expect(await listener.next() == .reauthenticationRequired(reason: .refreshTokenRejected))
            #expect(await listener.next() == .signedOut)
        }
        #expect(await late?.next() == .signedOut)
        weak var weakly = session
        session = nil
        #expect(weakly == nil)
        #expect(await late?.next() == nil)
        await server.stop()
    }

    @available(iOS 17, macOS 14, *) @Test func aModelFollowsARealSession() async throws {
        let server = try await IdentityServer.start()
        let session = try Session(server.auth0(), storage: .inMemory, log: .none)
        let model = await SessionModel(session)
        await model.restore()
        #expect(await model.state == .signedOut)
        await model.signIn(using: TestBrowser())
        #expect(await model.state?.isSignedIn == true)
        await model.loadProfile()
        #expect(await model.profile?.email == "ada@example.com")
        await model.signOut()
        #expect(await model.state == .signedOut)
        #expect(await model.profile == nil)
        await server.stop()
    }
}
