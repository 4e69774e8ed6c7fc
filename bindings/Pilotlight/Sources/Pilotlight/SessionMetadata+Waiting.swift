import Foundation
internal import PilotlightCore

extension SessionMetadata {
    /// Changes the metadata as ``update(_:)`` does, or queues the change while the network or the
    /// server has a transient fault (persists).
    ///
    /// Waiting changes are sent in order, before any other metadata call: at the next launch (``Session/restore()``), after
    /// a token was renewed or a profile fetched, or by ``flush()``. A sign-out deletes them. They are kept when the
    /// session has ended and the same user signs in again. At most 100 changes, or 64 KiB of them, wait.
    ///
    /// An empty `changes` changes nothing and never waits: the metadata is only read, which throws as ``get(_:)`` does.
    ///
    /// - Returns: The metadata after the change, or the change that waits.
    /// - Throws: As ``update(_:)`` except for transient faults; nothing is queued then.
    ///   ``SessionError/storageFailed(status:message:)`` when the waiting change could not be stored.
    @discardableResult
    public func updateOrWait(_ changes: [String: SessionJSON]) async throws -> MetadataUpdate {
        try await updateOrWait(encoding: changes)
    }

    /// The same with a value of your own type, which must be written as a JSON object. A value of which nothing is written
    /// changes nothing.
    @discardableResult
    public func updateOrWait(encoding value: some Encodable) async throws -> MetadataUpdate {
        guard let patch = try Self.patch(of: value) else { return .done(try await get()) }
        switch try await session.call({ try await $0.updateMetadataOrQueue(patchJson: patch) }) {
        case .done(let metadata): return .done(try JSONText.object(metadata))
        case .queued(let id): return .waiting(id: id)
        }
    }

    /// The changes that wait for the network, the oldest first; none while the user has to authenticate first. No `await`, no
    /// store, no network.
    public var pending: [PendingMetadataUpdate] {
        guard session.gate?.isOpen ?? true else { return [] }
        return session.core.pendingMetadataUpdates().map {
            PendingMetadataUpdate(id: $0.id, changes: (try? JSONText.object($0.changes)) ?? [:], since: $0.since)
        }
    }

    /// Removes a change that waits (persists). One that is being sent may still be made.
    ///
    /// - Returns: False when it does not wait.
    /// - Throws: ``SessionError/storageFailed(status:message:)``; ``SessionError/deviceLocked(message:)``;
    ///   ``SessionError/readOnly(message:)`` when the session is read-only; `CancellationError`.
    @discardableResult
    public func cancel(_ id: PendingMetadataUpdate.ID) async throws -> Bool {
        try await session.call { try await $0.cancelMetadataUpdate(id: id) }
    }

    /// Sends the changes that wait, in order (network; persists). One that the server rejects permanently is dropped;
    /// a transient fault keeps it and all after it.
    ///
    /// - Returns: The result, with the changes that were sent automatically since the last report and refused.
    /// - Throws: As ``update(_:)`` except for transient faults.
    @discardableResult
    public func flush() async throws -> MetadataFlush {
        let report = try await session.call { try await $0.flushMetadataUpdates() }
        return MetadataFlush(
            applied: report.applied,
            dropped: report.dropped.map { MetadataFlush.Dropped(id: $0.id, message: $0.message) },
            waiting: Int(report.waiting))
    }
}

/// The result of a change of the metadata that may wait.
public enum MetadataUpdate: Equatable, Sendable {
    /// It was made; this is the metadata afterwards.
    case done([String: SessionJSON])
    /// It waits for the network, under this number.
    case waiting(id: PendingMetadataUpdate.ID)
}

/// A change of the metadata that waits for the network.
public struct PendingMetadataUpdate: Identifiable, Equatable, Sendable {
    /// Identifies it.
    public let id: UInt64
    /// What is to be changed: merged at the first level, null deletes a key.
    public let changes: [String: SessionJSON]
    /// Since when it waits, by the device's clock.
    public let since: Date

    /// For tests and previews of an app.
    public init(id: UInt64, changes: [String: SessionJSON], since: Date = Date()) {
        self.id = id
        self.changes = changes
        self.since = since
    }
}

/// The result of sending the changes of the metadata that waited.
public struct MetadataFlush: Equatable, Sendable {
    /// A change that the server rejected permanently; it was dropped.
    public struct Dropped: Equatable, Sendable {
        /// Its number.
        public let id: PendingMetadataUpdate.ID
        /// Why, for a developer.
        public let message: String

        /// For tests of an app.
        public init(id: PendingMetadataUpdate.ID, message: String) {
            self.id = id
            self.message = message
        }
    }

    /// Those that were made, in order.
    public let applied: [PendingMetadataUpdate.ID]
    /// Those that were refused.
    public let dropped: [Dropped]
    /// How many still wait.
    public let waiting: Int

    /// For tests of an app.
    public init(applied: [PendingMetadataUpdate.ID], dropped: [Dropped], waiting: Int) {
        self.applied = applied
        self.dropped = dropped
        self.waiting = waiting
    }
}
