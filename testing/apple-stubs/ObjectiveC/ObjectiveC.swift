// Only for `apple-swift.sh objc`: elsewhere the stub of Foundation declares these, without a runtime.
@_exported import ObjectiveC

public struct Selector: Hashable, Sendable {}

public func NSSelectorFromString(_ name: String) -> Selector { fatalError() }

extension NSObject: Hashable, CustomStringConvertible {
    public static func == (one: NSObject, other: NSObject) -> Bool { fatalError() }
    public func hash(into hasher: inout Hasher) {}
    public var hashValue: Int { fatalError() }
    public var description: String { fatalError() }
    public class func responds(to selector: Selector!) -> Bool { fatalError() }
    public class func perform(_ selector: Selector!) -> Unmanaged<AnyObject>! { fatalError() }
}
