#if canImport(CryptoKit)
import CryptoKit
import Foundation
internal import PilotlightCore
import Security

/// Creates and uses the keys that tokens are bound to: in the Secure Enclave, or in software if there is none.
///
/// This object keeps nothing. The core stores a handle of each key. For a key in the Secure Enclave the handle is
/// CryptoKit's `dataRepresentation`, which only the Secure Enclave that made it can use; for a software key it is the key
/// itself.
final class DeviceKeys: AppProofKeys {
    /// The length of a software key; the representation of a key in the Secure Enclave is longer.
    private static let softwareKeyLength = 32

    func create() throws -> AppProofKey {
        guard SecureEnclave.isAvailable else {
            let key = P256.Signing.PrivateKey()
            return key.crossing
        }
        do {
            return try Self.enclaveKey().crossing
        } catch {
            throw Self.failure(error)
        }
    }

    func find(handle: Data) throws -> AppProofKey {
        if handle.count == Self.softwareKeyLength {
            return try Self.softwareKey(handle).crossing
        }
        do {
            return try SecureEnclave.P256.Signing.PrivateKey(dataRepresentation: handle).crossing
        } catch {
            throw Self.why(error)
        }
    }

    func sign(handle: Data, message: Data) throws -> Data {
        if handle.count == Self.softwareKeyLength {
            let key = try Self.softwareKey(handle)
            do { return try key.signature(for: message).rawRepresentation } catch { throw Self.failure(error) }
        }
        do {
            let key = try SecureEnclave.P256.Signing.PrivateKey(dataRepresentation: handle)
            return try key.signature(for: message).rawRepresentation
        } catch {
            throw Self.why(error)
        }
    }

    private static func softwareKey(_ handle: Data) throws -> P256.Signing.PrivateKey {
        do { return try P256.Signing.PrivateKey(rawRepresentation: handle) } catch { throw AppProofKeyError.Lost }
    }

    /// Usable from the first unlock on, so that a session can be renewed in the background.
    private static func enclaveKey() throws -> SecureEnclave.P256.Signing.PrivateKey {
        let access = SecAccessControlCreateWithFlags(
            nil, kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly, .privateKeyUsage, nil)
        guard let access else {
            throw AppProofKeyError.Failed(problem: "the system made no access control for a key")
        }
        return try SecureEnclave.P256.Signing.PrivateKey(accessControl: access)
    }

    /// Why a key cannot be used. The system reports the same error for a key of another device and, before the first unlock,
    /// for a key of this device. So a new key is tried: if it can be used, the old one is lost.
    private static func why(_ error: any Error) -> AppProofKeyError {
        guard SecureEnclave.isAvailable else { return .Lost }
        do {
            _ = try enclaveKey().signature(for: Data())
            return .Lost
        } catch {
            return .Locked
        }
    }

    private static func failure(_ error: any Error) -> AppProofKeyError {
        if let known = error as? AppProofKeyError { return known }
        return .Failed(problem: String(describing: error))
    }
}

extension SecureEnclave.P256.Signing.PrivateKey {
    fileprivate var crossing: AppProofKey {
        AppProofKey(handle: dataRepresentation, publicPoint: publicKey.x963Representation, inHardware: true)
    }
}

extension P256.Signing.PrivateKey {
    fileprivate var crossing: AppProofKey {
        AppProofKey(handle: rawRepresentation, publicPoint: publicKey.x963Representation, inHardware: false)
    }
}
#endif
