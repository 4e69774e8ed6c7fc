import Observation
import Pilotlight

/// A form for `user_metadata` that sends only what was changed, and queues a change if there is no network.
@MainActor @Observable
public final class MetadataEditor {
    /// The result of sending the queued changes: all sent, still waiting for the network, or some permanently refused.
    public enum Delivery: Equatable, Sendable { case sent, stillWaiting, refused }

    /// The last error. The user's input is kept.
    public private(set) var error: SessionError?
    /// Whether a call is in progress.
    public private(set) var isWorking = false
    /// Whether the issuer's metadata was loaded. Until then there is nothing to edit.
    public private(set) var hasLoaded = false
    /// The changes that wait for the network, the oldest first.
    public private(set) var pending: [PendingMetadataUpdate]
    /// The result of sending the queued changes when the user asked for it.
    public private(set) var delivery: Delivery?
    /// The issuer's metadata, and the input that is not saved yet.
    private var stored: [String: SessionJSON] = [:]
    private var typed: [String: SessionJSON] = [:]
    private let session: Session

    /// Creates a form for the user's metadata.
    public init(_ session: Session) {
        self.session = session
        pending = session.metadata.pending
    }

    /// A text field; empty if there is no value. Emptying the field deletes the value.
    public subscript(text name: String) -> String {
        get { typed[name].map { $0.isNull ? "" : $0.text } ?? saved[name]?.text ?? "" }
        set { typed[name] = newValue == saved[name]?.text ?? "" ? nil : newValue.isEmpty ? .null : .string(newValue) }
    }

    /// A switch; off if there is no value.
    public subscript(flag name: String) -> Bool {
        get { (typed[name] ?? saved[name])?.boolValue ?? false }
        set { typed[name] = newValue == saved[name]?.boolValue ?? false ? nil : .bool(newValue) }
    }

    /// Whether there is something to save.
    public var hasChanges: Bool { !typed.isEmpty }

    /// Sends the queued changes, reads the metadata and fills the form.
    public func load() async {
        await run {
            if !pending.isEmpty { try await deliver() }
            // Changes still wait, so there is no network.
            if hasLoaded && !pending.isEmpty { return }
            stored = try await session.metadata.get()
            hasLoaded = true
        }
    }

    /// Sends what was changed, or queues it. Returns whether everything was sent, so that the form can close.
    public func save() async -> Bool {
        // An empty change would only read the metadata, which does not work without a network.
        guard hasChanges else { return true }
        var isDone = false
        await run {
            switch try await session.metadata.updateOrWait(typed) {
            case .done(let metadata): (isDone, stored) = (true, metadata)
            case .waiting: break
            }
            typed = [:]
        }
        return isDone
    }

    /// Cancels a queued change, in the form too; input that is not saved stays.
    public func cancel(_ id: PendingMetadataUpdate.ID) async {
        await run { _ = try await session.metadata.cancel(id) }
    }

    /// The metadata as it will be when the queued changes are made.
    private var saved: [String: SessionJSON] {
        pending.reduce(stored) { $0.merging($1.changes) { $1 } }.filter { !$0.value.isNull }
    }

    private func deliver() async throws {
        let report = try await session.metadata.flush()
        pending = session.metadata.pending
        delivery = report.waiting > 0 ? .stillWaiting : report.dropped.isEmpty ? .sent : .refused
    }

    private func run(_ work: () async throws -> Void) async {
        (isWorking, delivery) = (true, nil)
        do {
            try await work()
            error = nil
        } catch {
            self.error = SessionError.shown(error)
        }
        pending = session.metadata.pending
        isWorking = false
    }
}
