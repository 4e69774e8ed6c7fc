import Foundation
import LocalAuthentication
import Pilotlight
import Security
import XCTest

/// Checks class, group, synchronisation and access control as Keychain Services reports them; on a Mac only, see
/// ``KeychainTestCase``.
final class KeychainOptionTests: KeychainTestCase {
    /// All classes except the one that needs a passcode, which a simulator does not have.
    private let classes: [(KeychainAccessibility, CFString)] = [
        (.afterFirstUnlockThisDeviceOnly, kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly),
        (.afterFirstUnlock, kSecAttrAccessibleAfterFirstUnlock),
        (.whenUnlockedThisDeviceOnly, kSecAttrAccessibleWhenUnlockedThisDeviceOnly),
        (.whenUnlocked, kSecAttrAccessibleWhenUnlocked),
    ]

    private func storage(_ accessibility: KeychainAccessibility, group: String? = nil) -> SessionStorage {
        .keychain(service: keychain.service, accessGroup: group, accessibility: accessibility)
    }

    func testWhatIsWrittenByDefault() async throws {
        try await signIn()
        let items = try keychain.items()
        XCTAssertEqual(items.count, 1)
        let item = try XCTUnwrap(items.first)
        XCTAssertEqual(item.text(kSecAttrAccount), try account())
        XCTAssertEqual(item.text(kSecAttrService), keychain.service)
        XCTAssertEqual(
            item.text(kSecAttrAccessible), swiftString(kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly))
        XCTAssertFalse(item.flag(kSecAttrSynchronizable))
        // It is in the first group of the entitlements, which is not the widget's.
        XCTAssertNotEqual(item.text(kSecAttrAccessGroup), try sharedGroup())
    }

    func testEachClassIsWrittenAsAskedFor() async throws {
        for (accessibility, constant) in classes {
            let storage = storage(accessibility)
            try await signIn(storage, name: "\(accessibility)")
            let item = try keychain.item(account: account("\(accessibility)"))
            XCTAssertEqual(item.text(kSecAttrAccessible), swiftString(constant))
            let state = try await restored(storage, name: "\(accessibility)")
            XCTAssertTrue(state.isSignedIn, "\(accessibility): \(state)")
        }
    }

    func testAChangeOfClassLosesNothingAndComesWithTheNextWrite() async throws {
        try await signIn(storage(.whenUnlocked))
        for (accessibility, constant) in classes {
            let before = try keychain.item(account: account()).text(kSecAttrAccessible)
            do {
                let session = try open(storage(accessibility))
                let state = try await session.restore()
                XCTAssertTrue(state.isSignedIn, "\(accessibility): \(state)")
                XCTAssertEqual(try keychain.item(account: account()).text(kSecAttrAccessible), before)
                _ = try await session.accessToken(forceRefresh: true)
            }
            let items = try keychain.items()
            XCTAssertEqual(items.count, 1)
            XCTAssertEqual(items.first?.text(kSecAttrAccessible), swiftString(constant))
            let state = try await restored(storage(accessibility))
            XCTAssertTrue(state.isSignedIn, "\(accessibility): \(state)")
        }
    }

    func testTheSharedGroup() async throws {
        let group = try sharedGroup()
        let shared = storage(.afterFirstUnlockThisDeviceOnly, group: group)
        try await signIn(shared)
        XCTAssertEqual(try keychain.items().first?.text(kSecAttrAccessGroup), group)
        // The widget does this.
        let reader = try open(shared, readOnly: true)
        let state = try await reader.restore()
        XCTAssertTrue(state.isSignedIn, "\(state)")
        let token = try await reader.accessToken()
        XCTAssertFalse(token.isEmpty)
        let before = try keychain.item(account: account()).data(kSecValueData)
        let error = try await sessionError("a renewal") { _ = try await reader.accessToken(forceRefresh: true) }
        guard case .readOnly = error else { return XCTFail("\(error)") }
        XCTAssertEqual(try keychain.item(account: account()).data(kSecValueData), before)
    }

    func testAGroupThatIsNotAmongTheEntitlements() async throws {
        let session = try open(storage(.afterFirstUnlock, group: "com.example.somebody.else"))
        let error = try await sessionError("restore") { try await session.restore() }
        guard case .storageFailed(let status, let message) = error else { return XCTFail("\(error)") }
        XCTAssertEqual(status, errSecMissingEntitlement)
        XCTAssertTrue(message.text.lowercased().contains("entitlement"), message.text)
    }

    func testSynchronisationIsWrittenAndTakenBack() async throws {
        let synchronised = SessionStorage.keychain(
            service: keychain.service, accessibility: .afterFirstUnlock, synchronizable: true)
        try await signIn(synchronised)
        XCTAssertEqual(try keychain.items().map { $0.flag(kSecAttrSynchronizable) }, [true])
        do {
            let session = try open(storage(.afterFirstUnlock))
            let state = try await session.restore()
            XCTAssertTrue(state.isSignedIn, "\(state)")
            _ = try await session.accessToken(forceRefresh: true)
        }
        XCTAssertEqual(try keychain.items().map { $0.flag(kSecAttrSynchronizable) }, [false])
    }

    func testAccessControlAsksTheUser() async throws {
        try XCTSkipUnless(
            ProcessInfo.processInfo.environment["SIMULATOR_DEVICE_NAME"] == nil,
            "a simulator switches access control off")
        try XCTSkipUnless(
            LAContext().canEvaluatePolicy(.deviceOwnerAuthentication, error: nil), "a device with a passcode is needed")
        let guarded = SessionStorage.keychain(
            service: keychain.service, accessibility: .whenUnlockedThisDeviceOnly,
            accessControl: KeychainAccessControl(.userPresence, prompt: "Test"))
        // Adding an item does not prompt.
        try await signIn(guarded)
        XCTAssertEqual(
            keychain.statusOfReadingWithoutTheUser(account: try account()), errSecInteractionNotAllowed)
        // Neither listing nor removing prompts.
        let names = try await Session.names(for: configuration(), in: guarded)
        XCTAssertEqual(names, ["default"])
    }

    func testWithoutAccessControlNobodyIsAsked() async throws {
        try await signIn()
        XCTAssertEqual(keychain.statusOfReadingWithoutTheUser(account: try account()), errSecSuccess)
    }

    /// A Keychain item outlives the app, but the marker file of the installation does not.
    func testWhatARemovedInstallationLeftIsWipedOnce() async throws {
        let wiping = SessionStorage.keychain(service: keychain.service, afterReinstall: .wipe)
        try await signIn()
        try forgetTheInstallation()
        let gone = try await restored(wiping)
        XCTAssertEqual(gone, .signedOut)
        XCTAssertEqual(try keychain.items().count, 0)
        try await signIn(wiping)
        let kept = try await restored(wiping)
        XCTAssertTrue(kept.isSignedIn, "\(kept)")
    }

    func testWhatARemovedInstallationLeftIsKeptByDefault() async throws {
        try await signIn()
        try forgetTheInstallation()
        let state = try await restored()
        XCTAssertTrue(state.isSignedIn, "\(state)")
    }

    /// Removes the marker, as if the app had been removed and installed again.
    private func forgetTheInstallation() throws {
        let folders = FileManager.default.urls(for: .applicationSupportDirectory, in: .userDomainMask)
        let marker = try XCTUnwrap(folders.first).appendingPathComponent("Pilotlight/installed")
        if FileManager.default.fileExists(atPath: marker.path) { try FileManager.default.removeItem(at: marker) }
    }
}
