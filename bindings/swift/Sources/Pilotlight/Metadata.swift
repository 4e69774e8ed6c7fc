import Foundation
import PilotlightCore

/// The user's metadata at Auth0 (`user_metadata`), which the user may change: preferences, an address, a language.
///
/// It needs an access token for the Management API in the user's own name: a configuration with `metadataAccess`.
/// Nothing is kept on the device. Auth0 limits these calls (10 a minute for a user).
///
/// ```swift
/// try await session.metadata.update(["first_name": "John", "country": "USA", "phone": nil])
/// let country = try await session.metadata.get(["country"])["country"]?.stringValue
/// ```
public struct Metadata: Sendable {
    let session: Session

    /// Reads the metadata: all of it, or only the keys named. Network.
    ///
    /// - Returns: What there is; a key that does not exist is not in it.
    /// - Throws: ``SessionError/signIn(reason:message:)``; ``SessionError/retryLater(reason:retryAfter:message:)``;
    ///   ``SessionError/fixConfiguration(field:message:)`` when the token's audience or scopes do not allow it;
    ///   `CancellationError`.
    public func get(_ keys: [String] = []) async throws -> [String: JSONValue] {
        try JSONText.object(try await session.call { try await $0.fetchMetadata(keys: keys) })
    }

    /// Reads the metadata as a type of your own. Network.
    ///
    /// - Throws: As ``get(_:)``, and ``SessionError/fixArgument(argument:message:)`` when the metadata does not fit
    ///   the type; it names the place, not the value.
    public func get<Value: Decodable & Sendable>(as type: Value.Type) async throws -> Value {
        let text = try await session.call { try await $0.fetchMetadata(keys: []) }
        return try JSONText.decode(type, from: text, argument: "type")
    }

    /// Changes the metadata ("Update a User"): merged at the first level only, nested objects are replaced as a
    /// whole. `nil` deletes a key. An empty `changes` deletes everything. Network.
    ///
    /// - Returns: The metadata after the change.
    /// - Throws: As ``get(_:)``, and ``SessionError/fixArgument(argument:message:)`` for a key that is empty or has a
    ///   `.`, which Auth0 refuses; nothing is sent then. After `CancellationError` the change may have been made.
    @discardableResult
    public func update(_ changes: [String: JSONValue]) async throws -> [String: JSONValue] {
        try await send(try JSONText.text(of: changes, argument: "metadata"))
    }

    /// Changes the metadata by a value of your own type, which must be written as a JSON object. Network.
    ///
    /// An optional that is nil is not written by Swift's own `Encodable`, so its key stays as it is; to delete a key,
    /// encode an explicit null or use the other ``update(_:)``.
    ///
    /// - Returns: The metadata after the change.
    /// - Throws: As the other ``update(_:)``.
    @discardableResult
    public func update(encoding value: some Encodable) async throws -> [String: JSONValue] {
        try await send(try JSONText.text(of: value, argument: "metadata"))
    }

    private func send(_ patch: String) async throws -> [String: JSONValue] {
        try JSONText.object(try await session.call { try await $0.updateMetadata(patchJson: patch) })
    }
}
