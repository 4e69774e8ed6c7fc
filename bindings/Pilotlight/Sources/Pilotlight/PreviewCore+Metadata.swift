import Foundation
internal import PilotlightCore

/// The metadata of a preview: changes are made at once, or queued while the preview fails with a temporary error.
extension PreviewCore {
    func fetchUser(fields: [String], include: Bool) async throws -> Claims {
        try await begin()
        let user = try signedIn { contents in
            let whole: [String: SessionJSON] = [
                "user_id": .string(contents.profile.subject), "user_metadata": .object(contents.metadata),
            ]
            return fields.isEmpty ? whole : whole.filter { fields.contains($0.key) == include }
        }
        return try JSONText.text(of: user, argument: "fields")
    }

    func fetchMetadata(keys: [String], include: Bool) async throws -> Claims {
        try await begin()
        let metadata = try signedIn { $0.metadata.filter { keys.isEmpty || keys.contains($0.key) == include } }
        return try JSONText.text(of: metadata, argument: "keys")
    }

    func updateMetadata(patchJson: String) async throws -> Claims {
        try await begin()
        return try change(patchJson) { metadata, patch in
            patch.isEmpty ? [:] : metadata.updated(with: patch)
        }
    }

    func replaceMetadata(metadataJson: String) async throws -> Claims {
        try await begin()
        return try change(metadataJson) { $1.filter { !$0.value.isNull } }
    }

    func mergeMetadata(changesJson: String) async throws -> Claims {
        try await begin()
        return try change(changesJson) { $0.merged(with: $1) }
    }

    func removeMetadata(keys: [String]) async throws -> Claims {
        try await begin()
        return try change("{}") { metadata, _ in metadata.filter { !keys.contains($0.key) } }
    }

    // MARK: What waits

    func updateMetadataOrQueue(patchJson: String) async throws -> UpdateOutcome {
        try await begin()
        guard !isOffline else { return contents.withLock { .queued(id: $0.wait(patchJson)) } }
        _ = try await flushMetadataUpdates()
        let metadata = try await updateMetadata(patchJson: patchJson)
        tellOfUpdates([contents.withLock { $0.nextUpdate() }])
        return .done(metadata: metadata)
    }

    func pendingMetadataUpdates() -> [PendingUpdate] {
        contents.withLock { $0.waiting }
    }

    func cancelMetadataUpdate(id: UInt64) async throws -> Bool {
        try await begin()
        return contents.withLock { contents in
            let before = contents.waiting.count
            contents.waiting.removeAll { $0.id == id }
            return contents.waiting.count < before
        }
    }

    func flushMetadataUpdates() async throws -> FlushReport {
        try await begin()
        if isOffline {
            return FlushReport(applied: [], dropped: [], waiting: UInt32(pendingMetadataUpdates().count))
        }
        let sent = try signedIn { contents in
            defer { contents.waiting = [] }
            for update in contents.waiting {
                contents.metadata = contents.metadata.updated(with: (try? JSONText.object(update.changes)) ?? [:])
            }
            return contents.waiting.map(\.id)
        }
        tellOfUpdates(sent)
        return FlushReport(applied: sent, dropped: [], waiting: 0)
    }

    private func tellOfUpdates(_ ids: [UInt64]) {
        for id in ids { broadcaster.events.send(.metadataUpdateSent(id: id)) }
    }

    /// Whether a user is signed in and the preview fails with an error that lets changes wait.
    private var isOffline: Bool {
        contents.withLock { contents in
            guard contents.isSignedIn, case .temporarilyUnavailable = contents.error else { return false }
            return true
        }
    }

    private func change(
        _ json: String, _ apply: ([String: SessionJSON], [String: SessionJSON]) -> [String: SessionJSON]
    ) throws -> Claims {
        let changes = try JSONText.decode([String: SessionJSON].self, from: json, argument: "metadata")
        let metadata = try signedIn { contents in
            contents.metadata = apply(contents.metadata, changes)
            return contents.metadata
        }
        return try JSONText.text(of: metadata, argument: "metadata")
    }
}

extension PreviewCore.Contents {
    /// Queues a change and returns its number.
    mutating func wait(_ patchJson: String) -> UInt64 {
        let id = nextUpdate()
        waiting.append(PendingUpdate(id: id, changes: patchJson, since: Date()))
        return id
    }

    mutating func nextUpdate() -> UInt64 {
        lastUpdate += 1
        return lastUpdate
    }
}

extension [String: SessionJSON] {
    fileprivate func updated(with patch: Self) -> Self {
        merging(patch) { $1 }.filter { !$0.value.isNull }
    }

    /// RFC 7396.
    fileprivate func merged(with changes: Self) -> Self {
        changes.reduce(into: self) { merged, change in
            switch change.value {
            case .null: merged[change.key] = nil
            case .object(let object):
                merged[change.key] = .object((merged[change.key]?.objectValue ?? [:]).merged(with: object))
            default: merged[change.key] = change.value
            }
        }
    }
}
