// Apple's Foundation is FoundationEssentials, which is open source and stands here as it is, and this.
@_exported import FoundationEssentials

// Seen from Objective-C these are its own.
#if canImport(ObjectiveC)
@_exported import Foundation
@_exported import ObjectiveC
#else
public protocol NSObjectProtocol: AnyObject {}

open class NSObject: NSObjectProtocol, Hashable, CustomStringConvertible {
    public init() {}
    open class func responds(to selector: Selector!) -> Bool { fatalError() }
    open class func perform(_ selector: Selector!) -> Unmanaged<AnyObject>! { fatalError() }
    public static func == (one: NSObject, other: NSObject) -> Bool { fatalError() }
    open func hash(into hasher: inout Hasher) {}
    open var description: String { fatalError() }
}

open class NSNull: NSObject {}

public struct Selector: Hashable, Sendable {}

public func NSSelectorFromString(_ name: String) -> Selector { fatalError() }
#endif

public protocol NSLocking {
    func lock()
    func unlock()
}

extension NSLocking {
    public func withLock<R>(_ body: () throws -> R) rethrows -> R { try body() }
}

// Nothing of a lock may span an `await`; Apple marks its calls so.
open class NSLock: NSObject, NSLocking, @unchecked Sendable {
    @available(*, noasync, message: "Use async-safe scoped locking instead")
    open func lock() {}
    @available(*, noasync, message: "Use async-safe scoped locking instead")
    open func unlock() {}
}

open class NSCondition: NSObject, NSLocking, @unchecked Sendable {
    @available(*, noasync, message: "Use async-safe scoped locking instead")
    open func lock() {}
    @available(*, noasync, message: "Use async-safe scoped locking instead")
    open func unlock() {}
    open func wait() {}
    open func signal() {}
    open func broadcast() {}
}

// Older than the standard library's, which is of iOS 16, and preferred to it.
extension StringProtocol {
    public func contains<T: StringProtocol>(_ other: T) -> Bool { fatalError() }
}

public protocol CustomNSError: Error {
    static var errorDomain: String { get }
    var errorCode: Int { get }
    var errorUserInfo: [String: Any] { get }
}

open class JSONSerialization: NSObject {
    public struct WritingOptions: OptionSet, Sendable {
        public let rawValue: UInt
        public init(rawValue: UInt) { self.rawValue = rawValue }
    }
    open class func isValidJSONObject(_ object: Any) -> Bool { fatalError() }
    open class func data(withJSONObject object: Any, options: WritingOptions = []) throws -> Data { fatalError() }
}

public let NSLocalizedDescriptionKey = "NSLocalizedDescription"
public let NSLocalizedFailureReasonErrorKey = "NSLocalizedFailureReason"
public let NSLocalizedRecoverySuggestionErrorKey = "NSLocalizedRecoverySuggestion"

extension Error {
    public var localizedDescription: String { fatalError() }
}

open class Bundle: NSObject, @unchecked Sendable {
    open class var main: Bundle { fatalError() }
    open var bundleIdentifier: String? { fatalError() }
    open var bundlePath: String { fatalError() }
    open func object(forInfoDictionaryKey key: String) -> Any? { fatalError() }
    open func url(forResource name: String?, withExtension ext: String?) -> URL? { fatalError() }
}

public struct URLRequest: Sendable, Hashable {
    public enum CachePolicy: UInt, Sendable {
        case useProtocolCachePolicy = 0
        case reloadIgnoringLocalCacheData = 1
    }

    public init(
        url: URL, cachePolicy: CachePolicy = .useProtocolCachePolicy, timeoutInterval: TimeInterval = 60.0
    ) { fatalError() }
    public var url: URL?
    public var httpMethod: String?
    public var httpBody: Data?
    public var httpBodyStream: InputStream? {
        get { fatalError() }
        set { fatalError() }
    }
    public var cachePolicy: CachePolicy
    public var timeoutInterval: TimeInterval
    public var httpShouldHandleCookies: Bool
    public var allHTTPHeaderFields: [String: String]?
    public func value(forHTTPHeaderField field: String) -> String? { fatalError() }
    public mutating func setValue(_ value: String?, forHTTPHeaderField field: String) {}
    public mutating func addValue(_ value: String, forHTTPHeaderField field: String) {}
}

public struct CGFloat: Sendable, Equatable, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral {
    public init(integerLiteral value: Int) {}
    public init(floatLiteral value: Double) {}
    public init(_ value: Double) {}
    public init(_ value: Int) {}
    public static var infinity: CGFloat { fatalError() }
}

public struct CGRect: Sendable, Equatable {
    public static var zero: CGRect { fatalError() }
}

public struct PersonNameComponents: Hashable, Sendable {
    public init() {}
    public var givenName: String?
    public var familyName: String?
}
