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
}

open class UserDefaults: NSObject, @unchecked Sendable {
    public init?(suiteName suitename: String?) {}
    open func data(forKey defaultName: String) -> Data? { fatalError() }
    open func set(_ value: Any?, forKey defaultName: String) {}
}

extension String {
    // Apple's is `String.LocalizationValue`.
    @available(iOS 15.0, macOS 12, *)
    public init(localized keyAndValue: String, table: String? = nil) { fatalError() }
}

open class NSPredicate: NSObject, @unchecked Sendable {
    public init(format predicateFormat: String, _ args: Any...) {}
}
