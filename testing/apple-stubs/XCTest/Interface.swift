// What Apple has in XCUIAutomation, which XCTest exports. Of the main actor since Xcode 16.

@MainActor
open class XCUIElement: NSObject {
    public enum ElementType: Sendable {
        case any
    }

    open var firstMatch: XCUIElement { fatalError() }
    open var exists: Bool { fatalError() }
    open var label: String { fatalError() }
    open var value: Any? { fatalError() }
    open func waitForExistence(timeout: TimeInterval) -> Bool { fatalError() }
    // Since Xcode 16.
    open func waitForNonExistence(withTimeout timeout: TimeInterval) -> Bool { fatalError() }
    open func tap() {}
    open func swipeUp() {}
    open func typeText(_ text: String) {}
    open var buttons: XCUIElementQuery { fatalError() }
    open var staticTexts: XCUIElementQuery { fatalError() }
    open var textFields: XCUIElementQuery { fatalError() }
    open var navigationBars: XCUIElementQuery { fatalError() }
    open var switches: XCUIElementQuery { fatalError() }
    open func descendants(matching type: XCUIElement.ElementType) -> XCUIElementQuery { fatalError() }
}

@MainActor
open class XCUIElementQuery: NSObject {
    open subscript(key: String) -> XCUIElement { fatalError() }
    open var firstMatch: XCUIElement { fatalError() }
    open var buttons: XCUIElementQuery { fatalError() }
    open func matching(_ predicate: NSPredicate) -> XCUIElementQuery { fatalError() }
    open var count: Int { fatalError() }
}

@MainActor
open class XCUIApplication: XCUIElement {
    override public init() {}
    public init(bundleIdentifier: String) {}
    open var launchArguments: [String] {
        get { fatalError() }
        set {}
    }
    open func launch() {}
    @available(iOS 17.0, *)
    public func performAccessibilityAudit(
        for auditTypes: XCUIAccessibilityAuditType = .all,
        _ issueHandler: ((XCUIAccessibilityAuditIssue) throws -> Bool)? = nil
    ) throws {}
    open func terminate() {}
}

@MainActor
open class XCUIScreenshot: NSObject {}

open class XCTAttachment: NSObject {
    public enum Lifetime: Sendable {
        case keepAlways
        case deleteOnSuccess
    }

    @MainActor public init(screenshot: XCUIScreenshot) {}
    open var name: String? {
        get { fatalError() }
        set {}
    }
    open var lifetime: Lifetime {
        get { fatalError() }
        set {}
    }
}

@available(iOS 17.0, *)
public struct XCUIAccessibilityAuditType: OptionSet, Sendable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    public static let all = XCUIAccessibilityAuditType(rawValue: 1)
    public static let sufficientElementDescription = XCUIAccessibilityAuditType(rawValue: 2)
    public static let trait = XCUIAccessibilityAuditType(rawValue: 4)
}

@available(iOS 17.0, *)
@MainActor
open class XCUIAccessibilityAuditIssue: NSObject {}
