import Observation
import Pilotlight

/// A form over `user_metadata` that sends only what was changed, and lets a change wait where there is no network.
@MainActor @Observable
public final class MetadataEditor {
    /// What became of the changes that waited: made; waiting still, without a network; or some refused for good.
    public enum Delivery: Equatable, Sendable { case sent, stillWaiting, refused }

    /// What went wrong last. What was typed stays.
    public private(set) var error: SessionError?
    /// Whether a call is under way.
    public private(set) var isWorking = false
    /// Whether the form shows what the issuer has. Until then there is nothing to edit.
    public private(set) var hasLoaded = false
    /// The changes that wait for the network, the oldest first.
    public private(set) var pending: [PendingMetadataUpdate]
    /// What became of the changes that waited, when the user asked to send them.
    public private(set) var delivery: Delivery?
    /// What the issuer has, and what was typed and is not saved.
    private var stored: [String: SessionJSON] = [:]
    private var typed: [String: SessionJSON] = [:]
    private let session: Session

    /// The form over the user's metadata.
    public init(_ session: Session) {
        self.session = session
        pending = session.metadata.pending
    }

    /// A text field; empty where there is nothing. One that is emptied is deleted.
    public subscript(text name: String) -> String {
        get { typed[name].map { $0.isNull ? "" : $0.text } ?? saved[name]?.text ?? "" }
        set { typed[name] = newValue == saved[name]?.text ?? "" ? nil : newValue.isEmpty ? .null : .string(newValue) }
    }

    /// A switch; off where there is nothing.
    public subscript(flag name: String) -> Bool {
        get { (typed[name] ?? saved[name])?.boolValue ?? false }
        set { typed[name] = newValue == saved[name]?.boolValue ?? false ? nil : .bool(newValue) }
    }

    /// Whether there is something to save.
    public var hasChanges: Bool { !typed.isEmpty }

    /// Sends what waits, reads the metadata and fills the form.
    public func load() async {
        await run {
            if !pending.isEmpty { try await deliver() }
            // What waits still has no network.
            if hasLoaded && !pending.isEmpty { return }
            stored = try await session.metadata.get()
            hasLoaded = true
        }
    }

    /// Sends what was changed, or lets it wait. Returns whether everything was sent, so that nothing more is to be seen here.
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

    /// Takes a waiting change back, in the form too; what was typed and not saved stays.
    public func cancel(_ id: PendingMetadataUpdate.ID) async {
        await run { _ = try await session.metadata.cancel(id) }
    }

    /// What the issuer will have when the waiting changes are made.
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
