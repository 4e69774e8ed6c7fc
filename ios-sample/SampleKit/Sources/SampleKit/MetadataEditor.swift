import Observation
import Pilotlight

/// The metadata screen: a form over `user_metadata` that sends only what was changed, and lets a change wait where
/// there is no network.
@MainActor @Observable
public final class MetadataEditor {
    /// What became of the changes that waited, when the user asked to send them.
    public enum Delivery: Equatable, Sendable {
        /// They were made.
        case sent
        /// There is still no network; they go on waiting.
        case stillWaiting
        /// The issuer refused some, for good; they are gone.
        case refused
    }

    /// What the form shows: text fields by name.
    public var fields: [String: String] = [:]
    /// What the form shows: switches by name.
    public var flags: [String: Bool] = [:]
    /// What to say, when it could not be loaded or saved. The fields stay.
    public private(set) var advice: Advice?
    /// Whether a call is under way.
    public private(set) var isWorking = false
    /// Whether the form shows what the issuer has. Until then there is nothing to edit.
    public private(set) var hasLoaded = false
    /// The changes that wait for the network, the oldest first.
    public private(set) var pending: [PendingMetadataUpdate]
    /// What became of the changes that waited.
    public private(set) var delivery: Delivery?

    /// What the issuer had, and what it has when the waiting changes are made.
    private var base: [String: SessionJSON] = [:]
    private var saved: [String: SessionJSON] = [:]
    private let names: [String]
    private let flagNames: [String]
    private let session: Session

    /// A form with text fields for the keys `names`, and switches for the keys `flags`.
    public init(_ session: Session, names: [String], flags: [String] = []) {
        self.session = session
        self.names = names
        flagNames = flags
        pending = session.metadata.pending
    }

    /// One text field; empty where there is nothing.
    public subscript(text name: String) -> String {
        get { fields[name] ?? "" }
        set { fields[name] = newValue }
    }

    /// One switch; off where there is nothing.
    public subscript(flag name: String) -> Bool {
        get { flags[name] ?? false }
        set { flags[name] = newValue }
    }

    /// Whether there is something to save.
    public var hasChanges: Bool {
        !changes.isEmpty
    }

    /// Reads the metadata and fills the form; what waits is sent first.
    public func load() async {
        await run {
            if !pending.isEmpty { try await deliver() }
            show(try await session.metadata.get(names + flagNames))
        }
    }

    /// Sends what was changed, or lets it wait; a field that was emptied is deleted.
    ///
    /// - Returns: Whether everything was sent, so that there is nothing more to see here.
    public func save() async -> Bool {
        let changes = changes
        // An empty change would delete everything.
        guard !changes.isEmpty else { return true }
        var isDone = false
        await run {
            switch try await session.metadata.updateOrWait(changes) {
            case .done(let metadata):
                isDone = true
                show(metadata)
            case .waiting:
                show(base)
            }
        }
        return isDone
    }

    /// Sends the changes that wait.
    public func sendPending() async {
        await run {
            try await deliver()
            if pending.isEmpty { show(try await session.metadata.get(names + flagNames)) }
        }
    }

    /// Takes a waiting change back, in the form too; what was typed and not saved stays.
    public func cancel(_ id: PendingMetadataUpdate.ID) async {
        let typed = changes
        await run {
            try await session.metadata.cancel(id)
            if hasLoaded { show(base, keeping: typed) } else { pending = session.metadata.pending }
        }
    }

    /// What differs from what is saved.
    var changes: [String: SessionJSON] {
        var changes: [String: SessionJSON] = [:]
        for name in names {
            let text = fields[name] ?? ""
            guard text != saved[name]?.text ?? "" else { continue }
            changes[name] = text.isEmpty ? .null : .string(text)
        }
        for name in flagNames {
            let flag = flags[name] ?? false
            // What was never said counts as off, and stays unsaid.
            if flag != saved[name]?.boolValue ?? false { changes[name] = .bool(flag) }
        }
        return changes
    }

    private func deliver() async throws {
        let report = try await session.metadata.flush()
        pending = session.metadata.pending
        delivery = report.waiting > 0 ? .stillWaiting : report.dropped.isEmpty ? .sent : .refused
    }

    /// Fills the form with what the issuer has, above that with what waits, and above that with what was typed.
    private func show(_ metadata: [String: SessionJSON], keeping typed: [String: SessionJSON] = [:]) {
        base = metadata
        pending = session.metadata.pending
        saved = pending.reduce(metadata) { $0.merging($1.changes) { $1 } }.filter { !$0.value.isNull }
        let shown = saved.merging(typed) { $1 }.filter { !$0.value.isNull }
        fields = Dictionary(uniqueKeysWithValues: names.map { ($0, shown[$0]?.text ?? "") })
        flags = Dictionary(uniqueKeysWithValues: flagNames.map { ($0, shown[$0]?.boolValue ?? false) })
        hasLoaded = true
    }

    private func run(_ work: () async throws -> Void) async {
        isWorking = true
        delivery = nil
        defer { isWorking = false }
        do {
            try await work()
            advice = nil
        } catch {
            pending = session.metadata.pending
            advice = Advice.about(error)
        }
    }
}

extension PendingMetadataUpdate {
    /// One key that is to be changed, as a form shows it.
    public struct Line: Equatable, Identifiable, Sendable {
        /// What it is to become.
        public enum Value: Equatable, Sendable {
            /// This text.
            case text(String)
            /// On or off.
            case flag(Bool)
            /// Nothing: the key goes.
            case removed
        }

        /// The key.
        public let id: String
        /// What it is to become.
        public let value: Value
    }

    /// What is to be changed, by the keys' names.
    public var lines: [Line] {
        changes.sorted { $0.key < $1.key }.map { key, value in
            switch value {
            case .null: Line(id: key, value: .removed)
            case .bool(let flag): Line(id: key, value: .flag(flag))
            default: Line(id: key, value: .text(value.text))
            }
        }
    }
}
