import Foundation
internal import PilotlightCore

extension SessionMetadata {
    /// Changes the metadata as ``update(_:)`` does. If the network or the server has a transient fault, queues the change
    /// instead (persists).
    ///
    /// Queued changes are sent in order, before any other metadata call: at the next launch (``Session/restore()``), after
    /// a token was renewed or a profile fetched, or by ``flush()``. A sign-out deletes them. They are kept if the
    /// session ends and the same user signs in again. The queue holds at most 100 changes and 64 KiB.
    ///
    /// An empty `changes` changes nothing and is never queued: the metadata is only read, which throws as ``get(_:)`` does.
    ///
    /// - Returns: The metadata after the change, or the number of the queued change.
    /// - Throws: As ``update(_:)`` except for transient faults; nothing is queued then.
    ///   ``SessionError/storageFailed(status:message:)`` if the queued change could not be stored.
    @discardableResult
    public func updateOrWait(_ changes: [String: SessionJSON]) async throws -> MetadataUpdate {
        try await updateOrWait(encoding: changes)
    }

    /// Changes the metadata or queues the change, with a value of your own type, which must encode as a JSON object. A value
    /// that encodes as an empty object changes nothing.
    @discardableResult
    public func updateOrWait(encoding value: some Encodable) async throws -> MetadataUpdate {
        guard let patch = try Self.patch(of: value) else { return .done(try await get()) }
        switch try await session.call({ try await $0.updateMetadataOrQueue(patchJson: patch) }) {
        case .done(let metadata): return .done(try JSONText.object(metadata))
        case .queued(let id): return .waiting(id: id)
        }
    }

    /// The queued changes, the oldest first; empty while the user has to authenticate first. No `await`, no store, no network.
    public var pending: [PendingMetadataUpdate] {
        guard session.gate?.isOpen ?? true else { return [] }
        return session.core.pendingMetadataUpdates().map {
            PendingMetadataUpdate(id: $0.id, changes: (try? JSONText.object($0.changes)) ?? [:], since: $0.since)
        }
    }

    /// Removes a queued change (persists). A change that is being sent may still be made.
    ///
    /// - Returns: False if the change is not in the queue.
    /// - Throws: ``SessionError/storageFailed(status:message:)``; ``SessionError/deviceLocked(message:)``;
    ///   ``SessionError/readOnly(message:)`` if the session is read-only; `CancellationError`.
    @discardableResult
    public func cancel(_ id: PendingMetadataUpdate.ID) async throws -> Bool {
        try await session.call { try await $0.cancelMetadataUpdate(id: id) }
    }

    /// Sends the queued changes, in order (network; persists). A change that the server rejects permanently is dropped.
    /// After a transient fault, the change and all later ones stay queued.
    ///
    /// - Returns: The result. It includes changes that were sent automatically since the last report and were refused.
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

/// The result of a metadata change that may be queued.
public enum MetadataUpdate: Equatable, Sendable {
    /// The change was made; this is the metadata afterwards.
    case done([String: SessionJSON])
    /// The change is queued under this number until the network is available.
    case waiting(id: PendingMetadataUpdate.ID)
}

/// A metadata change that waits for the network.
public struct PendingMetadataUpdate: Identifiable, Equatable, Sendable {
    /// The number of the change.
    public let id: UInt64
    /// The change: it is merged at the first level, and null deletes a key.
    public let changes: [String: SessionJSON]
    /// When the change was queued, by the device's clock.
    public let since: Date

    /// For tests and previews of an app.
    public init(id: UInt64, changes: [String: SessionJSON], since: Date = Date()) {
        self.id = id
        self.changes = changes
        self.since = since
    }
}

/// The result of sending the queued metadata changes.
public struct MetadataFlush: Equatable, Sendable {
    /// A change that the server rejected permanently; it was dropped.
    public struct Dropped: Equatable, Sendable {
        /// The number of the change.
        public let id: PendingMetadataUpdate.ID
        /// Why it was rejected, for a developer.
        public let message: String

        /// For tests of an app.
        public init(id: PendingMetadataUpdate.ID, message: String) {
            self.id = id
            self.message = message
        }
    }

    /// The changes that were made, in order.
    public let applied: [PendingMetadataUpdate.ID]
    /// The changes that were rejected.
    public let dropped: [Dropped]
    /// How many changes still wait.
    public let waiting: Int

    /// Creates a result, for tests of an app.
    public init(applied: [PendingMetadataUpdate.ID], dropped: [Dropped], waiting: Int) {
        self.applied = applied
        self.dropped = dropped
        self.waiting = waiting
    }
}
