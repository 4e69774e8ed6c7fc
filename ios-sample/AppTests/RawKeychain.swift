import Foundation
import LocalAuthentication
import Security

/// Accesses the Keychain without the SDK: the items under one `kSecAttrService`.
struct RawKeychain: Sendable {
    let service: String

    /// A service that no other test uses.
    static func unused() -> RawKeychain {
        RawKeychain(service: "com.example.pilotlight.sample.tests.\(UUID().uuidString)")
    }

    /// Every item, synchronizable or not; with its value if `data` is true.
    func items(data: Bool = false) throws -> [FoundItem] {
        var query = everything
        query += [(kSecReturnAttributes, .flag(true)), (kSecMatchLimit, .constant(kSecMatchLimitAll))]
        // One call may not return the values of several items (Apple: "SecItemCopyMatching"), so they are read one by one.
        var found: CFTypeRef?
        let status = SecItemCopyMatching(cfDictionary(query), &found)
        if status == errSecItemNotFound { return [] }
        guard status == errSecSuccess, let found else { throw TestFault("SecItemCopyMatching: \(status)") }
        let array = unsafeDowncast(found, to: CFArray.self)
        let items = (0..<CFArrayGetCount(array)).map { index in
            FoundItem(
                Unmanaged<CFDictionary>.fromOpaque(CFArrayGetValueAtIndex(array, index)).takeUnretainedValue())
        }
        return data ? try items.map { try item(account: $0.text(kSecAttrAccount) ?? "") } : items
    }

    /// The one item of that account, with its value.
    func item(account: String) throws -> FoundItem {
        var found: CFTypeRef?
        let status = SecItemCopyMatching(
            cfDictionary(
                one(account) + [
                    (kSecReturnAttributes, .flag(true)), (kSecReturnData, .flag(true)),
                    (kSecMatchLimit, .constant(kSecMatchLimitOne)),
                ]), &found)
        guard status == errSecSuccess, let found else { throw TestFault("SecItemCopyMatching: \(status)") }
        return FoundItem(unsafeDowncast(found, to: CFDictionary.self))
    }

    /// The status of reading the value if the user may not be asked.
    func statusOfReadingWithoutTheUser(account: String) -> OSStatus {
        let context = LAContext()
        context.interactionNotAllowed = true
        return SecItemCopyMatching(
            cfDictionary(
                one(account) + [(kSecReturnData, .flag(true)), (kSecUseAuthenticationContext, .object(context))]), nil)
    }

    /// Replaces an item's value with `data`.
    func overwrite(account: String, with data: Data) throws {
        let status = SecItemUpdate(cfDictionary(one(account)), cfDictionary([(kSecValueData, .data(data))]))
        guard status == errSecSuccess else { throw TestFault("SecItemUpdate: \(status)") }
    }

    /// Adds an item that the SDK did not write.
    func add(account: String, data: Data) throws {
        let status = SecItemAdd(
            cfDictionary([
                (kSecClass, .constant(kSecClassGenericPassword)), (kSecAttrService, .text(service)),
                (kSecAttrAccount, .text(account)), (kSecValueData, .data(data)),
            ]), nil)
        guard status == errSecSuccess else { throw TestFault("SecItemAdd: \(status)") }
    }

    /// Removes all items of this service, and the SDK's readability probe beside it.
    func removeAll() {
        for service in [service, "\(service).readability-probe"] {
            _ = SecItemDelete(cfDictionary(RawKeychain(service: service).everything))
        }
    }

    private var everything: [(CFString, QueryValue)] {
        [
            (kSecClass, .constant(kSecClassGenericPassword)), (kSecAttrService, .text(service)),
            (kSecAttrSynchronizable, .constant(kSecAttrSynchronizableAny)),
        ]
    }

    private func one(_ account: String) -> [(CFString, QueryValue)] {
        everything + [(kSecAttrAccount, .text(account))]
    }
}
