import XCTest

extension XCUIApplication {
    /// The first element whose label contains `text`. An element that combines its children has their texts in its
    /// label.
    func element(containing text: String) -> XCUIElement {
        descendants(matching: .any).matching(NSPredicate(format: "label CONTAINS %@", text)).firstMatch
    }

    /// A button. If a list has not created it yet, this scrolls to it.
    func button(_ identifier: String) -> XCUIElement {
        let button = buttons[identifier]
        for _ in 0..<3 where !button.exists { swipeUp() }
        return button
    }
}
