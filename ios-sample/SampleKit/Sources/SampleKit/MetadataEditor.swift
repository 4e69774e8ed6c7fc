import Observation
import Pilotlight

/// The metadata screen: a form over `user_metadata` that sends only what was changed.
@MainActor @Observable
public final class MetadataEditor {
    /// What the form shows: text fields by name.
    public var fields: [String: String] = [:]
    /// What to say, when it could not be loaded or saved. The fields stay.
    public private(set) var advice: Advice?
    /// Whether a call is under way.
    public private(set) var isWorking = false

    private var saved: [String: JSONValue] = [:]
    private let names: [String]
    private let session: Session

    /// A form for the keys `names`.
    public init(_ session: Session, names: [String]) {
        self.session = session
        self.names = names
    }

    /// Whether there is something to save.
    public var hasChanges: Bool {
        !changes.isEmpty
    }

    /// Reads the metadata and fills the form.
    public func load() async {
        await run { try await $0.metadata.get(names) }
    }

    /// Sends what was changed; a field that was emptied is deleted.
    public func save() async {
        let changes = changes
        // An empty change would delete everything.
        guard !changes.isEmpty else { return }
        await run { try await $0.metadata.update(changes) }
    }

    /// What differs from what is saved.
    var changes: [String: JSONValue] {
        var changes: [String: JSONValue] = [:]
        for name in names {
            let text = fields[name] ?? ""
            guard text != saved[name]?.text ?? "" else { continue }
            changes[name] = text.isEmpty ? .null : .string(text)
        }
        return changes
    }

    private func run(_ work: @Sendable (Session) async throws -> [String: JSONValue]) async {
        isWorking = true
        defer { isWorking = false }
        do {
            saved = try await work(session)
            fields = Dictionary(uniqueKeysWithValues: names.map { ($0, saved[$0]?.text ?? "") })
            advice = nil
        } catch {
            advice = Advice.about(error)
        }
    }
}
