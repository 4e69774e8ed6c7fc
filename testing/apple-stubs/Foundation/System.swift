// What processes, files and notices have on Apple's platforms beyond FoundationEssentials.

extension ProcessInfo {
    @available(iOS 8.2, *)
    @available(macOS, unavailable)
    public func performExpiringActivity(withReason reason: String, using block: @escaping @Sendable (Bool) -> Void) {}
}

extension FileManager {
    public func containerURL(forSecurityApplicationGroupIdentifier groupIdentifier: String) -> URL? { fatalError() }
}

open class NSNotification: NSObject {
    public struct Name: Hashable, RawRepresentable, Sendable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }
        public init(_ rawValue: String) { self.rawValue = rawValue }
    }
}

// Not Sendable: its object and its `userInfo` are anything.
public struct Notification {
    public typealias Name = NSNotification.Name
    public var name: Name
    public var object: Any?
    public var userInfo: [AnyHashable: Any]?
}

open class OperationQueue: NSObject, @unchecked Sendable {
    open class var main: OperationQueue { fatalError() }
}

open class NotificationCenter: NSObject, @unchecked Sendable {
    open class var `default`: NotificationCenter { fatalError() }
    open func addObserver(
        forName name: NSNotification.Name?, object obj: Any?, queue: OperationQueue?,
        using block: @escaping @Sendable (Notification) -> Void
    ) -> any NSObjectProtocol { fatalError() }
    open func removeObserver(_ observer: Any) {}
    open func post(name aName: NSNotification.Name, object anObject: Any?) {}
}

open class UserDefaults: NSObject, @unchecked Sendable {
    open class var standard: UserDefaults { fatalError() }
    public init?(suiteName suitename: String?) {}
    open func string(forKey defaultName: String) -> String? { fatalError() }
    open func data(forKey defaultName: String) -> Data? { fatalError() }
    open func bool(forKey defaultName: String) -> Bool { fatalError() }
    open func set(_ value: Any?, forKey defaultName: String) {}
}

extension String {
    @available(iOS 15.0, macOS 12, *)
    public struct LocalizationValue: Equatable, ExpressibleByStringInterpolation, Sendable {
        public init(_ value: String) {}
        public init(stringLiteral value: String) {}
    }

    @available(iOS 15.0, macOS 12, *)
    public init(localized keyAndValue: String.LocalizationValue, table: String? = nil) { fatalError() }
}

// FoundationInternationalization's, which is not here.
extension Date {
    @available(iOS 15.0, macOS 12.0, *)
    public struct RelativeFormatStyle: FormatStyle, Sendable {
        public struct Presentation: Codable, Hashable, Sendable {
            public static var numeric: Presentation { fatalError() }
            public static var named: Presentation { fatalError() }
        }

        public struct UnitsStyle: Codable, Hashable, Sendable {
            public static var wide: UnitsStyle { fatalError() }
        }

        public func format(_ destDate: Date) -> String { fatalError() }
    }
}

@available(iOS 15.0, macOS 12.0, *)
extension FormatStyle where Self == Date.RelativeFormatStyle {
    public static func relative(
        presentation: Date.RelativeFormatStyle.Presentation, unitsStyle: Date.RelativeFormatStyle.UnitsStyle = .wide
    ) -> Self { fatalError() }
}

open class NSPredicate: NSObject, @unchecked Sendable {
    public init(format predicateFormat: String, _ args: Any...) {}
}
