import Foundation
import Pilotlight
import Security
import XCTest

/// Tests of the SDK over the real Keychain. They run inside the sample app, because only an app with entitlements has
/// one, in a simulator on a Mac: `scripts/run-sample.sh --test`. They have not run yet; on Debian they are compiled for
/// iOS against stubs (`scripts/check-apple.sh --swift`), which says nothing about how the Keychain answers.
///
/// They check for this store what testing/store-contract checks for each store of the core, as far as sessions show it. They
/// cannot check the rest of that contract: a session cannot choose names of any text, or values of any bytes and of 64 KiB.
/// Failing calls are scripted in rust-core/tests/adapters/stores.rs and testing/keychain-emulation.
///
/// **By hand, on a device**, because a simulator does not protect data while it is locked, and has no lock button that a
/// test may press:
/// 1. `.whenUnlocked…`: sign in, lock the device, and let the widget refresh: it shows "locked". Unlock and open the app: the
///    user is signed in.
/// 2. `.afterFirstUnlock…`: restart, do not unlock, and send a push that starts the app: it must not show "signed out".
/// 3. Biometry, current set: sign in, then enrol another face or finger: the session is gone, and the app asks to sign in.
/// 4. Passcode class: turn the passcode off and on again: the session is gone.
class KeychainTestCase: XCTestCase {
    /// A service that only this test uses.
    let keychain = RawKeychain.unused()

    override func tearDown() async throws {
        keychain.removeAll()
    }

    /// The group that the app shares with its widget.
    func sharedGroup() throws -> String {
        try XCTUnwrap(Bundle.main.object(forInfoDictionaryKey: "PilotlightAccessGroup") as? String)
    }

    func configuration() throws -> SessionConfiguration {
        try .auth0(
            domain: TestIssuer.ofThisRun().url.absoluteString, clientID: TestIssuer.clientID,
            redirectURI: TestIssuer.redirectURI)
    }

    /// Opens a handle to a session. After the last handle to a session is gone, the next one reads the Keychain.
    func open(
        _ storage: SessionStorage? = nil, name: String = "default", readOnly: Bool = false
    ) throws -> Session {
        try Session(
            configuration(), storage: storage ?? .keychain(service: keychain.service), name: name, readOnly: readOnly,
            log: .none)
    }

    /// Signs in and releases the handle.
    func signIn(_ storage: SessionStorage? = nil, name: String = "default") async throws {
        let state = try await open(storage, name: name).signIn(using: ScriptedBrowser())
        XCTAssertTrue(state.isSignedIn, "\(state)")
    }

    /// The state that a new handle restores.
    func restored(_ storage: SessionStorage? = nil, name: String = "default") async throws -> SessionState {
        try await open(storage, name: name).restore()
    }

    /// `kSecAttrAccount` of a session.
    func account(_ name: String = "default") throws -> String {
        "\(name)|\(TestIssuer.clientID)|\(try TestIssuer.ofThisRun().url.absoluteString)"
    }

    /// Runs work that must throw a `SessionError`, and returns the error.
    func sessionError(
        _ what: String, file: StaticString = #filePath, line: UInt = #line,
        _ work: () async throws -> Void
    ) async throws -> SessionError {
        do {
            try await work()
        } catch let error as SessionError {
            return error
        }
        throw TestFault("\(what): nothing was thrown")
    }
}
