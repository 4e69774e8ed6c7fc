import XCTest

/// Each state of the app, set with `-stub`, shows what it should; on a Mac only, see ``SessionFlowTests``.
@MainActor
final class StateTests: XCTestCase {
    func testEachStateShowsWhatItIsFor() {
        let texts = [
            "loading": "Reading your session…", "welcome": "Welcome to Pilotlight", "expired": "Please sign in again",
            "locked": "Locked", "home": "Ada Lovelace", "empty": "No Name Given",
            "factor": "The sign-in service needs a second factor.",
            "offline": "There is no connection to the sign-in service.",
            "migrated": "You are still signed in.",
            "misconfigured": "This app's sign-in is not set up correctly.",
            "broken": "The sign-in could not be saved or read on this device.",
        ]
        for (state, text) in texts {
            let app = launch(state)
            XCTAssertTrue(app.element(containing: text).waitForExistence(timeout: 10), "\(state) does not say: \(text)")
            app.terminate()
        }
    }

    func testTheFormOfTheMetadataIsFilled() {
        let app = launch("home", screen: "metadata")
        let name = app.textFields["metadata.first_name"]
        XCTAssertTrue(name.waitForExistence(timeout: 10))
        XCTAssertEqual(name.value as? String, "Ada")
    }

    func testAWaitingChangeIsSeenAndTakenBack() {
        let app = launch("waiting", screen: "metadata")
        XCTAssertTrue(app.element(containing: "Italy").waitForExistence(timeout: 10))
        XCTAssertEqual(app.buttons.matching(NSPredicate(format: "identifier == %@", "waiting.cancel")).count, 2)
        app.buttons["waiting.cancel"].firstMatch.tap()
        XCTAssertTrue(app.element(containing: "Off").waitForExistence(timeout: 10))
        XCTAssertFalse(app.element(containing: "Italy").exists)
    }

    func testASecondFactorIsAskedForAndTheSessionGoesOn() {
        let app = launch("factor")
        XCTAssertTrue(app.buttons["advice.confirm"].waitForExistence(timeout: 10))
        app.buttons["advice.confirm"].tap()
        XCTAssertTrue(app.buttons["factor.otp"].waitForExistence(timeout: 10))
        app.buttons["factor.otp"].tap()
        let code = app.textFields["factor.code"]
        XCTAssertTrue(code.waitForExistence(timeout: 10))
        code.tap()
        code.typeText("123456")
        app.buttons["factor.confirm"].tap()
        XCTAssertTrue(app.buttons["token.renew"].waitForExistence(timeout: 10))
        XCTAssertFalse(app.buttons["advice.confirm"].exists)
    }

    func testEachScreenOpens() {
        let texts = [
            "profile": "ada@example.com", "request": "Exchange the Token", "inspector": "Signed In",
            "settings": "Lock the App",
        ]
        for (screen, text) in texts {
            let app = launch("home", screen: screen)
            XCTAssertTrue(
                app.element(containing: text).waitForExistence(timeout: 10), "\(screen) does not show \(text)")
            app.terminate()
        }
    }

    /// Every element that VoiceOver stops at has a label and the right traits.
    func testVoiceOverHasWordsForEverything() throws {
        for (state, screen) in [
            ("welcome", nil), ("home", nil), ("factor", nil), ("offline", nil), ("waiting", "metadata"),
            ("home", "settings"),
        ] {
            let app = launch(state, screen: screen)
            XCTAssertTrue(app.buttons.firstMatch.waitForExistence(timeout: 10))
            try app.performAccessibilityAudit(for: [.sufficientElementDescription, .trait])
            app.terminate()
        }
    }

    private func launch(_ state: String, screen: String? = nil) -> XCUIApplication {
        let app = XCUIApplication()
        app.launchArguments = ["-AppleLanguages", "(en)", "-stub", state]
        if let screen { app.launchArguments += ["-screen", screen] }
        app.launch()
        return app
    }
}
