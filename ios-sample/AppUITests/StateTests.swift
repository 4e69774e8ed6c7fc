import XCTest

/// Each state of the app, by `-stub`, shows what it is for; on a Mac only, see ``SessionFlowTests``.
@MainActor
final class StateTests: XCTestCase {
    func testEachStateShowsWhatItIsFor() {
        let texts = [
            "loading": "Reading your session…", "welcome": "Welcome to Pilotlight", "expired": "Please sign in again",
            "locked": "Locked", "home": "Ada Lovelace", "empty": "No Name Given",
            "offline": "There is no connection to the sign-in service.",
            "misconfigured": "This app's sign-in is not set up correctly.",
            "broken": "The sign-in could not be saved or read on this device.",
        ]
        for (state, text) in texts {
            let app = XCUIApplication()
            app.launchArguments = ["-AppleLanguages", "(en)", "-stub", state]
            app.launch()
            let found = app.element(containing: text)
            XCTAssertTrue(found.waitForExistence(timeout: 10), "\(state) does not say: \(text)")
            app.terminate()
        }
    }

    func testTheFormOfTheMetadataIsFilled() {
        let app = XCUIApplication()
        app.launchArguments = ["-AppleLanguages", "(en)", "-stub", "home"]
        app.launch()
        app.buttons["metadata"].tap()
        let name = app.textFields["metadata.first_name"]
        XCTAssertTrue(name.waitForExistence(timeout: 10))
        XCTAssertEqual(name.value as? String, "Ada")
    }
}
