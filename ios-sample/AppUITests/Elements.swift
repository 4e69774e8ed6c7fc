import XCTest

extension XCUIApplication {
    /// The first element whose label has `text` in it: an element that combines its children has their texts in its
    /// label.
    func element(containing text: String) -> XCUIElement {
        descendants(matching: .any).matching(NSPredicate(format: "label CONTAINS %@", text)).firstMatch
    }

    /// A button, scrolled to where a list has not made it yet.
    func button(_ identifier: String) -> XCUIElement {
        let button = buttons[identifier]
        for _ in 0..<3 where !button.exists { swipeUp() }
        return button
    }
}
