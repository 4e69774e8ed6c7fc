import CoreFoundation
import Foundation

/// A value that the tests put into a dictionary for Keychain Services.
enum QueryValue {
    case constant(CFString)
    case text(String)
    case data(Data)
    case flag(Bool)
    case object(AnyObject)

    var object: AnyObject {
        switch self {
        case .constant(let constant): constant
        case .text(let text): Self.string(text)
        case .data(let data): Self.data(data)
        case .flag(let flag): flag ? kCFBooleanTrue : kCFBooleanFalse
        case .object(let object): object
        }
    }

    private static func string(_ text: String) -> CFString {
        let bytes = Array(text.utf8)
        return CFStringCreateWithBytes(nil, bytes, bytes.count, CFStringBuiltInEncodings.UTF8.rawValue, false)
    }

    private static func data(_ data: Data) -> CFData {
        let bytes = Array(data)
        return CFDataCreate(nil, bytes, bytes.count)
    }
}

/// Makes a dictionary of these pairs with the C functions, so that nothing depends on bridging.
func cfDictionary(_ pairs: [(CFString, QueryValue)]) -> CFDictionary {
    var keys = kCFTypeDictionaryKeyCallBacks
    var values = kCFTypeDictionaryValueCallBacks
    let made: CFMutableDictionary = CFDictionaryCreateMutable(nil, 0, &keys, &values)
    for (key, value) in pairs {
        let object = value.object
        // The dictionary retains both.
        withExtendedLifetime((key, object)) {
            CFDictionarySetValue(
                made, Unmanaged.passUnretained(key).toOpaque(), Unmanaged.passUnretained(object).toOpaque())
        }
    }
    return made
}

/// One item as Keychain Services returned it.
struct FoundItem {
    private let dictionary: CFDictionary

    init(_ dictionary: CFDictionary) {
        self.dictionary = dictionary
    }

    func text(_ key: CFString) -> String? {
        guard let found = value(key), CFGetTypeID(found) == CFStringGetTypeID() else { return nil }
        return swiftString(unsafeDowncast(found, to: CFString.self))
    }

    func data(_ key: CFString) -> Data? {
        guard let found = value(key), CFGetTypeID(found) == CFDataGetTypeID() else { return nil }
        let data = unsafeDowncast(found, to: CFData.self)
        guard let start = CFDataGetBytePtr(data) else { return Data() }
        return Data(UnsafeBufferPointer(start: start, count: CFDataGetLength(data)))
    }

    /// False also if the key is missing, which Keychain Services treats as false.
    func flag(_ key: CFString) -> Bool {
        guard let found = value(key) else { return false }
        if CFGetTypeID(found) == CFBooleanGetTypeID() {
            return CFBooleanGetValue(unsafeDowncast(found, to: CFBoolean.self))
        }
        // The Keychain returns a number for a Boolean.
        return "\(found)" != "0"
    }

    private func value(_ key: CFString) -> AnyObject? {
        CFDictionaryGetValue(dictionary, Unmanaged.passUnretained(key).toOpaque())
            .map { Unmanaged<AnyObject>.fromOpaque($0).takeUnretainedValue() }
    }
}

/// A constant of Keychain Services or an attribute, as text.
func swiftString(_ string: CFString) -> String? {
    let encoding = CFStringBuiltInEncodings.UTF8.rawValue
    let size = CFStringGetMaximumSizeForEncoding(CFStringGetLength(string), encoding) + 1
    var buffer = [CChar](repeating: 0, count: size)
    guard CFStringGetCString(string, &buffer, size, encoding) else { return nil }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
