import Foundation

// What only Objective-C has.
public struct Selector: Hashable, Sendable {}

public func NSSelectorFromString(_ name: String) -> Selector { fatalError() }

extension NSObject {
    public class func responds(to selector: Selector!) -> Bool { fatalError() }
    public class func perform(_ selector: Selector!) -> Unmanaged<AnyObject>! { fatalError() }
}
