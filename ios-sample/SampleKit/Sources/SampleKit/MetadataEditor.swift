import Observation
import Pilotlight

/// The metadata screen: a form over `user_metadata` that sends only what was changed.
@MainActor @Observable
public final class MetadataEditor {
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

    private var saved: [String: JSONValue] = [:]
    private let names: [String]
    private let flagNames: [String]
    private let session: Session

    /// A form with text fields for the keys `names`, and switches for the keys `flags`.
    public init(_ session: Session, names: [String], flags: [String] = []) {
        self.session = session
        self.names = names
        flagNames = flags
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

    /// Reads the metadata and fills the form.
    public func load() async {
        await run { try await $0.metadata.get(names + flagNames) }
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
        for name in flagNames {
            let flag = flags[name] ?? false
            // What was never said counts as off, and stays unsaid.
            if flag != saved[name]?.boolValue ?? false { changes[name] = .bool(flag) }
        }
        return changes
    }

    private func run(_ work: @Sendable (Session) async throws -> [String: JSONValue]) async {
        isWorking = true
        defer { isWorking = false }
        do {
            saved = try await work(session)
            fields = Dictionary(uniqueKeysWithValues: names.map { ($0, saved[$0]?.text ?? "") })
            flags = Dictionary(uniqueKeysWithValues: flagNames.map { ($0, saved[$0]?.boolValue ?? false) })
            hasLoaded = true
            advice = nil
        } catch {
            advice = Advice.about(error)
        }
    }
}
