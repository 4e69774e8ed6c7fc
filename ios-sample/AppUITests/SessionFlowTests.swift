import XCTest

/// What a user does with the app, with the identity server: `scripts/run-sample.sh --test` starts the server and runs these
/// tests in a simulator on a Mac. They have not run yet; on Debian they are compiled for iOS against stubs.
///
/// The browser sheet is real and private, and the issuer signs the user in without a form, because the authorization
/// request carries `sign_in_as`: there is nothing to type into a page that is not ours.
@MainActor
final class SessionFlowTests: XCTestCase {
    private let patience: TimeInterval = 20

    func testSignInRestoreEditAndSignOut() async throws {
        let (issuer, app) = try await signedIn()
        XCTAssertTrue(app.element(containing: TestIssuer.email).waitForExistence(timeout: patience))

        // The next process finds the session in the Keychain.
        app.terminate()
        app.launch()
        XCTAssertTrue(app.buttons["token.renew"].waitForExistence(timeout: patience), "the session was not restored")

        app.buttons["metadata"].tap()
        let country = app.textFields["metadata.country"]
        XCTAssertTrue(country.waitForExistence(timeout: patience))
        country.tap()
        country.typeText("UK")
        // The row is a switch that contains the label; the inner switch is the one to tap.
        app.switches["metadata.active"].switches.firstMatch.tap()
        app.buttons["metadata.save"].tap()
        XCTAssertTrue(app.buttons["token.renew"].waitForExistence(timeout: patience), "the form did not close")
        let saved = try await issuer.metadata()
        XCTAssertEqual(saved, ["first_name": .text("Ada"), "country": .text("UK"), "active": .flag(true)])

        signOutIfSignedIn(app)
        XCTAssertTrue(app.buttons["sign-in"].exists)
        app.terminate()
        app.launch()
        XCTAssertTrue(app.buttons["sign-in"].waitForExistence(timeout: patience), "the sign-out did not last")
    }

    func testARefusedRefreshTokenAsksForANewSignIn() async throws {
        let (issuer, app) = try await signedIn()
        try await issuer.control("POST", "users/\(TestIssuer.email)/revoke")
        app.buttons["token.renew"].tap()
        XCTAssertTrue(app.element(containing: "Please sign in again").waitForExistence(timeout: patience))
        app.buttons["sign-in"].tap()
        XCTAssertTrue(app.buttons["token.renew"].waitForExistence(timeout: patience))
        signOutIfSignedIn(app)
    }

    func testAChangeWaitsUntilTheIssuerAnswersAgain() async throws {
        let (issuer, app) = try await signedIn()
        app.button("metadata").tap()
        let country = app.textFields["metadata.country"]
        XCTAssertTrue(country.waitForExistence(timeout: patience))
        try await issuer.control(
            "POST", "faults",
            json: #"{"endpoint": "users", "effect": {"kind": "status", "status": 503}, "for_ever": true}"#)
        country.tap()
        country.typeText("Italy")
        app.buttons["metadata.save"].tap()
        // The SDK retries for up to 20 seconds before it queues the change.
        XCTAssertTrue(app.buttons["waiting.cancel"].waitForExistence(timeout: 2 * patience))
        let before = try await issuer.metadata()
        XCTAssertEqual(before, ["first_name": .text("Ada")])
        try await issuer.control("DELETE", "faults")
        let sent = app.element(containing: "What waited was sent.")
        // After a failure the SDK has a cooldown, in which it sends nothing.
        for _ in 0..<6 where !sent.exists {
            app.buttons["waiting.send"].tap()
            _ = sent.waitForExistence(timeout: patience / 4)
        }
        XCTAssertTrue(sent.exists)
        let after = try await issuer.metadata()
        XCTAssertEqual(after, ["first_name": .text("Ada"), "country": .text("Italy")])
        app.navigationBars.buttons.firstMatch.tap()
        signOutIfSignedIn(app)
    }

    func testARequestToAnApi() async throws {
        let (_, app) = try await signedIn()
        app.button("request").tap()
        app.buttons["request.send"].tap()
        XCTAssertTrue(
            app.element(containing: "200").waitForExistence(timeout: patience), "the API did not take the token")
        app.navigationBars.buttons.firstMatch.tap()
        signOutIfSignedIn(app)
    }

    func testARenewalThatNeedsASecondFactor() async throws {
        let (issuer, app) = try await signedIn()
        try await issuer.control("PATCH", "users/\(TestIssuer.email)", json: #"{"mfa_required": true}"#)
        app.buttons["token.renew"].tap()
        XCTAssertTrue(app.buttons["advice.confirm"].waitForExistence(timeout: patience), "no second factor is wanted")
        app.buttons["advice.confirm"].tap()
        XCTAssertTrue(app.buttons["factor.totp|dev_1"].waitForExistence(timeout: patience))
        app.buttons["factor.totp|dev_1"].tap()
        let code = app.textFields["factor.code"]
        XCTAssertTrue(code.waitForExistence(timeout: patience))
        code.tap()
        code.typeText("123456")
        app.buttons["factor.confirm"].tap()
        XCTAssertTrue(
            app.buttons["advice.confirm"].waitForNonExistence(withTimeout: patience), "the renewal did not go on")
        signOutIfSignedIn(app)
    }

    func testASignInOnAnotherDevice() async throws {
        continueAfterFailure = false
        let (issuer, app) = (try TestIssuer.ofThisRun(), try launch())
        signOutIfSignedIn(app)
        app.buttons["sign-in.device"].tap()
        let code = app.staticTexts["device.code"]
        XCTAssertTrue(code.waitForExistence(timeout: patience), "the issuer gave no code")
        try await issuer.enter(code.label)
        XCTAssertTrue(app.buttons["token.renew"].waitForExistence(timeout: patience), "nobody was signed in")
        signOutIfSignedIn(app)
    }

    func testAnotherAppSignsInByThisSignIn() async throws {
        let (_, app) = try await signedIn(["-other-client-id", TestIssuer.otherClientID])
        app.button("other-app.sign-in").tap()
        XCTAssertTrue(
            app.element(containing: "auth0|ada").waitForExistence(timeout: patience), "nobody was signed in there")
        signOutIfSignedIn(app)
    }

    /// Launches the app and signs in a user whose first name is in the metadata.
    private func signedIn(_ more: [String] = []) async throws -> (TestIssuer, XCUIApplication) {
        continueAfterFailure = false
        let issuer = try TestIssuer.ofThisRun()
        try await issuer.control("PUT", "users/\(TestIssuer.email)/metadata", json: #"{"first_name": "Ada"}"#)
        try await issuer.control("PATCH", "users/\(TestIssuer.email)", json: #"{"mfa_required": false}"#)
        let app = try launch(more)
        signOutIfSignedIn(app)
        app.buttons["sign-in"].tap()
        XCTAssertTrue(app.buttons["token.renew"].waitForExistence(timeout: patience), "the home screen did not come")
        return (issuer, app)
    }

    /// Launches the app with the settings of this run and a private browser, so that no system alert appears first.
    private func launch(_ more: [String] = []) throws -> XCUIApplication {
        let app = XCUIApplication()
        app.launchArguments = [
            "-AppleLanguages", "(en)", "-private-browser", "YES",
            "-domain", try TestIssuer.ofThisRun().url.absoluteString, "-client-id", TestIssuer.clientID,
            "-redirect-uri", TestIssuer.redirectURI, "-sign-in-as", TestIssuer.email, "-other-client-id", "",
        ]
        app.launchArguments += more
        app.launch()
        return app
    }

    private func signOutIfSignedIn(_ app: XCUIApplication) {
        if app.buttons["sign-in"].waitForExistence(timeout: 3) { return }
        app.button("sign-out").tap()
        // The button of a dialogue has no identifier.
        app.buttons["Sign Out Now"].firstMatch.tap()
        XCTAssertTrue(app.buttons["sign-in"].waitForExistence(timeout: patience), "the sign-out did not end")
    }
}
