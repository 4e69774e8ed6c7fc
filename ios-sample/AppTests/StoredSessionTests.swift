import Foundation
import Pilotlight
import Security
import XCTest

/// Reading back, replacing, deleting, several sessions, and concurrent access; on a Mac only, see ``KeychainTestCase``.
final class StoredSessionTests: KeychainTestCase {
    func testASessionIsFoundAgain() async throws {
        try await signIn()
        let state = try await restored()
        XCTAssertTrue(state.isSignedIn, "\(state)")
        let session = try open()
        try await session.restore()
        let token = try await session.accessToken()
        XCTAssertFalse(token.isEmpty)
    }

    func testNothingIsFoundWhereNothingWasWritten() async throws {
        let state = try await restored()
        XCTAssertEqual(state, .signedOut)
        let outcome = await (try open()).signOut()
        XCTAssertEqual(outcome, .nothingToRevoke)
        XCTAssertEqual(try keychain.items().count, 0)
    }

    func testEachWriteReplacesTheWholeItem() async throws {
        try await signIn()
        let first = try keychain.item(account: account()).data(kSecValueData)
        let session = try open()
        try await session.restore()
        for _ in 0..<3 { _ = try await session.accessToken(forceRefresh: true) }
        let items = try keychain.items(data: true)
        XCTAssertEqual(items.count, 1)
        XCTAssertNotEqual(items.first?.data(kSecValueData), first)
    }

    func testARenewedSessionIsFoundAgain() async throws {
        try await signIn()
        do {
            let session = try open()
            try await session.restore()
            _ = try await session.accessToken(forceRefresh: true)
        }
        // The refresh token was rotated, so an old one in the Keychain would end the session here.
        let session = try open()
        try await session.restore()
        _ = try await session.accessToken(forceRefresh: true)
        XCTAssertTrue(session.state?.isSignedIn == true)
    }

    func testAfterTheSignOutNothingIsLeft() async throws {
        try await signIn()
        let session = try open()
        try await session.restore()
        let outcome = await session.signOut()
        XCTAssertEqual(outcome, .revoked)
        XCTAssertEqual(try keychain.items().count, 0)
        try await signIn()
        let state = try await restored()
        XCTAssertTrue(state.isSignedIn, "the name can be used again: \(state)")
    }

    func testTwoSessionsDoNotTouchEachOther() async throws {
        try await signIn(name: "one")
        try await signIn(name: "two")
        let two = try keychain.item(account: account("two")).data(kSecValueData)
        let names = try await Session.names(for: configuration(), in: .keychain(service: keychain.service))
        XCTAssertEqual(names, ["one", "two"])
        let one = try open(name: "one")
        try await one.restore()
        _ = try await one.accessToken(forceRefresh: true)
        _ = await one.signOut()
        XCTAssertEqual(try keychain.item(account: account("two")).data(kSecValueData), two)
        let left = try await Session.names(for: configuration(), in: .keychain(service: keychain.service))
        XCTAssertEqual(left, ["two"])
        let state = try await restored(name: "two")
        XCTAssertTrue(state.isSignedIn, "\(state)")
    }

    func testNamesAreThoseOfThisClientAlone() async throws {
        try keychain.add(account: "somebody else's", data: Data([1]))
        try keychain.add(account: "default|another-client|https://issuer.example/", data: Data([2]))
        try await signIn(name: "à côté | 日本語")
        let names = try await Session.names(for: configuration(), in: .keychain(service: keychain.service))
        XCTAssertEqual(names, ["à côté | 日本語"])
    }

    func testEightAtOnceLoseNothing() async throws {
        let names = (1...8).map { "session \($0)" }
        let sessions = try names.map { try open(name: $0) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for session in sessions {
                group.addTask {
                    try await session.signIn(using: ScriptedBrowser())
                    for _ in 0..<3 { _ = try await session.accessToken(forceRefresh: true) }
                }
            }
            try await group.waitForAll()
        }
        let stored = try await Session.names(for: configuration(), in: .keychain(service: keychain.service))
        XCTAssertEqual(stored, names)
        XCTAssertEqual(try keychain.items().count, 8)
    }

    func testAnItemThatCannotBeDecodedIsKeptAside() async throws {
        try await signIn()
        let damaged = Data("no session".utf8)
        try keychain.overwrite(account: account(), with: damaged)
        let session = try open()
        let error = try await sessionError("restore") { try await session.restore() }
        guard case .storageFailed = error else { return XCTFail("\(error)") }
        XCTAssertEqual(session.state, .signedOut)
        XCTAssertEqual(try keychain.item(account: account() + "|unreadable").data(kSecValueData), damaged)
        // It is reported only once, and a sign-in works despite it.
        let state = try await session.restore()
        XCTAssertEqual(state, .signedOut)
        try await session.signIn(using: ScriptedBrowser())
        XCTAssertEqual(try keychain.items().count, 2)
        let names = try await Session.names(for: configuration(), in: .keychain(service: keychain.service))
        XCTAssertEqual(names, ["default"])
    }
}
