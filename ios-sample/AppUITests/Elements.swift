import XCTest

extension XCUIApplication {
    /// The first element whose label has `text` in it: an element that combines its children has their texts in its label.
    func element(containing text: String) -> XCUIElement {
        descendants(matching: .any).matching(NSPredicate(format: "label CONTAINS %@", text)).firstMatch
    }
}
