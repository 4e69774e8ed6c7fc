// Classes here, as Swift sees them. No bridging: `as CFDictionary` needs Objective-C, so what is compiled here builds its
// dictionaries by these calls.
public typealias CFTypeRef = AnyObject
public typealias CFTypeID = UInt
public typealias CFIndex = Int
public typealias CFStringEncoding = UInt32
public typealias DarwinBoolean = Bool
public typealias OSStatus = Int32

public final class CFAllocator {}
public final class CFString {}
public final class CFData {}
public final class CFBoolean {}
public final class CFArray {}
public final class CFError: Error, @unchecked Sendable {}
public class CFDictionary {}
public final class CFMutableDictionary: CFDictionary {}

public struct CFRange {
    public init(location: CFIndex, length: CFIndex) {}
}

public enum CFStringBuiltInEncodings: CFStringEncoding {
    case UTF8 = 0x0800_0100
}

public struct CFDictionaryKeyCallBacks {}
public struct CFDictionaryValueCallBacks {}

public var kCFTypeDictionaryKeyCallBacks: CFDictionaryKeyCallBacks { fatalError() }
public var kCFTypeDictionaryValueCallBacks: CFDictionaryValueCallBacks { fatalError() }
public var kCFBooleanTrue: CFBoolean! { fatalError() }
public var kCFBooleanFalse: CFBoolean! { fatalError() }

public func CFGetTypeID(_ cf: CFTypeRef!) -> CFTypeID { fatalError() }
public func CFStringGetTypeID() -> CFTypeID { fatalError() }
public func CFDataGetTypeID() -> CFTypeID { fatalError() }
public func CFBooleanGetTypeID() -> CFTypeID { fatalError() }
public func CFBooleanGetValue(_ boolean: CFBoolean!) -> Bool { fatalError() }

public func CFStringCreateWithBytes(
    _ alloc: CFAllocator!, _ bytes: UnsafePointer<UInt8>!, _ numBytes: CFIndex, _ encoding: CFStringEncoding,
    _ isExternalRepresentation: Bool
) -> CFString! { fatalError() }
public func CFStringGetLength(_ theString: CFString!) -> CFIndex { fatalError() }
public func CFStringGetMaximumSizeForEncoding(_ length: CFIndex, _ encoding: CFStringEncoding) -> CFIndex {
    fatalError()
}
public func CFStringGetCString(
    _ theString: CFString!, _ buffer: UnsafeMutablePointer<CChar>!, _ bufferSize: CFIndex, _ encoding: CFStringEncoding
) -> Bool { fatalError() }

public func CFDataCreate(_ allocator: CFAllocator!, _ bytes: UnsafePointer<UInt8>!, _ length: CFIndex) -> CFData! {
    fatalError()
}
public func CFDataGetLength(_ theData: CFData!) -> CFIndex { fatalError() }
public func CFDataGetBytePtr(_ theData: CFData!) -> UnsafePointer<UInt8>! { fatalError() }

public func CFArrayGetCount(_ theArray: CFArray!) -> CFIndex { fatalError() }
public func CFArrayGetValueAtIndex(_ theArray: CFArray!, _ idx: CFIndex) -> UnsafeRawPointer! { fatalError() }

public func CFDictionaryCreateMutable(
    _ allocator: CFAllocator!, _ capacity: CFIndex, _ keyCallBacks: UnsafePointer<CFDictionaryKeyCallBacks>!,
    _ valueCallBacks: UnsafePointer<CFDictionaryValueCallBacks>!
) -> CFMutableDictionary! { fatalError() }
public func CFDictionarySetValue(
    _ theDict: CFMutableDictionary!, _ key: UnsafeRawPointer!, _ value: UnsafeRawPointer!
) {}
public func CFDictionaryGetValue(_ theDict: CFDictionary!, _ key: UnsafeRawPointer!) -> UnsafeRawPointer! {
    fatalError()
}
