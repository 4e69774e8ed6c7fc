import Foundation
internal import PilotlightCore

/// The user's metadata at Auth0 (`user_metadata`), which the user may change: preferences, an address, a language.
///
/// These calls need an access token for the Management API in the user's name. If the configuration has `metadataAccess`,
/// Pilotlight uses the session's own token. Otherwise it obtains one with the refresh token and keeps it; for this the
/// application's refresh token policies must name `https://{domain}/api/v2/` (Auth0: "Multi-Resource Refresh Token"). With
/// `metadataByIDToken` it sends the ID token, for old tenants that accept it.
///
/// The metadata is not kept on the device. Auth0 limits these calls (10 a minute for a user).
///
/// ```swift
/// try await session.metadata.update(["first_name": "John", "country": "USA", "phone": nil])
/// let country = try await session.metadata.get(["country"])["country"]?.stringValue
/// ```
public struct SessionMetadata: Sendable {
    let session: Session

    /// Reads the metadata: all of it, or only the given keys. Network.
    ///
    /// - Returns: The values; a key that does not exist is left out.
    /// - Throws: ``SessionError/signInRequired(reason:message:)``;
    ///   ``SessionError/temporarilyUnavailable(reason:retryAfter:message:)``;
    ///   ``SessionError/configurationInvalid(field:message:)`` when the token's audience or scopes do not allow it;
    ///   `CancellationError`.
    public func get(_ keys: [String] = []) async throws -> [String: SessionJSON] {
        try JSONText.object(try await session.call { try await $0.fetchMetadata(keys: keys, include: true) })
    }

    /// Reads the metadata without the given keys. Network.
    ///
    /// - Throws: As ``get(_:)``.
    public func get(excluding keys: [String]) async throws -> [String: SessionJSON] {
        try JSONText.object(try await session.call { try await $0.fetchMetadata(keys: keys, include: false) })
    }

    /// Reads the metadata as your own type. Its dates are read as ``SessionJSON/dateValue`` reads them. Network.
    ///
    /// - Throws: As ``get(_:)``, and ``SessionError/argumentInvalid(argument:message:)`` if the metadata does not fit
    ///   the type; the error names the place, not the value.
    public func get<Value: Decodable & Sendable>(as type: Value.Type) async throws -> Value {
        let text = try await session.call { try await $0.fetchMetadata(keys: [], include: true) }
        return try JSONText.decode(type, from: text, argument: "type")
    }

    /// Changes the metadata ("Update a User"). The changes are merged at the first level only; nested objects are replaced as a
    /// whole. `nil` deletes a key. An empty `changes` changes nothing: the metadata is only read. ``removeAll()`` deletes
    /// everything. Network.
    ///
    /// Here and in the other calls that change metadata, values are literals or variables of any type that is
    /// ``SessionJSONConvertible``: `update(["age": age, "tags": ["a", "b"], "phone": nil])`.
    ///
    /// - Returns: The metadata after the change.
    /// - Throws: As ``get(_:)``, and ``SessionError/argumentInvalid(argument:message:)`` for a key that is empty or has a
    ///   `.` or a `$`, at any depth, which Auth0 refuses; nothing is sent then. After `CancellationError` the change
    ///   may have been made.
    @discardableResult
    public func update(_ changes: [String: SessionJSON]) async throws -> [String: SessionJSON] {
        try await update(encoding: changes)
    }

    /// Changes the metadata with a value of your own type, which must encode as a JSON object. Network. Dates are written as
    /// ISO 8601 text, here and in the other calls that take a value of your own type.
    ///
    /// The `Encodable` code that Swift synthesizes omits an optional that is nil, so its key stays as it is. To delete a key,
    /// encode an explicit null or use the other ``update(_:)``. A value that encodes as an empty object changes nothing.
    ///
    /// - Returns: The metadata after the change.
    /// - Throws: As the other ``update(_:)``.
    @discardableResult
    public func update(encoding value: some Encodable) async throws -> [String: SessionJSON] {
        guard let patch = try Self.patch(of: value) else { return try await get() }
        return try await send { try await $0.updateMetadata(patchJson: patch) }
    }

    /// Replaces all metadata with `metadata`; an empty one deletes everything, as ``removeAll()`` does. Network: one request
    /// that reads and one that writes; a key that another client adds between the two stays.
    ///
    /// - Returns: The metadata after the change.
    /// - Throws: As ``update(_:)``.
    @discardableResult
    public func replace(with metadata: [String: SessionJSON]) async throws -> [String: SessionJSON] {
        try await replace(encoding: metadata)
    }

    /// Replaces all metadata with a value of your own type, which must encode as a JSON object. Network.
    ///
    /// - Returns: The metadata after the change.
    /// - Throws: As ``update(_:)``.
    @discardableResult
    public func replace(encoding value: some Encodable) async throws -> [String: SessionJSON] {
        let text = try JSONText.text(of: value, argument: "metadata")
        return try await send { try await $0.replaceMetadata(metadataJson: text) }
    }

    /// Merges changes at every level (RFC 7396): objects are merged, `nil` deletes a member, any other value replaces
    /// the old one. Network: one request that reads and one that writes the first-level keys that `changes` names; a
    /// change that another client makes inside these keys between the two is lost.
    ///
    /// ```swift
    /// try await session.metadata.merge(["preferences": ["theme": "dark"]])
    /// ```
    ///
    /// - Returns: The metadata after the change.
    /// - Throws: As ``update(_:)``.
    @discardableResult
    public func merge(_ changes: [String: SessionJSON]) async throws -> [String: SessionJSON] {
        try await merge(encoding: changes)
    }

    /// Merges a value of your own type, which must encode as a JSON object, at every level. Network.
    ///
    /// - Returns: The metadata after the change.
    /// - Throws: As ``update(_:)``.
    @discardableResult
    public func merge(encoding value: some Encodable) async throws -> [String: SessionJSON] {
        let text = try JSONText.text(of: value, argument: "metadata")
        return try await send { try await $0.mergeMetadata(changesJson: text) }
    }

    /// Deletes keys. Network. An empty list deletes nothing.
    ///
    /// - Returns: The metadata after the change.
    /// - Throws: As ``update(_:)``.
    @discardableResult
    public func remove(_ keys: [String]) async throws -> [String: SessionJSON] {
        try await send { try await $0.removeMetadata(keys: keys) }
    }

    /// Deletes all metadata. Network: one request.
    ///
    /// - Throws: As ``update(_:)``.
    public func removeAll() async throws {
        try await replace(with: [:])
    }

    /// The text of a change; nil for one without members, because Auth0 deletes everything when it gets `{}`.
    static func patch(of value: some Encodable) throws -> String? {
        let text = try JSONText.text(of: value, argument: "metadata")
        return text == "{}" ? nil : text
    }

    private func send(
        _ change: @escaping @Sendable (any CoreSessionProtocol) async throws -> String
    ) async throws -> [String: SessionJSON] {
        try JSONText.object(try await session.call(change))
    }
}
