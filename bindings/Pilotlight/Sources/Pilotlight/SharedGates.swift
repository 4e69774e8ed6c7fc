internal import PilotlightCore

/// The gates of one session that is open in this process, however many handles it has.
///
/// A second ``Session`` with the same client, issuer, storage and name shares the tokens. So it shares the policy too:
/// otherwise it could be used to bypass the policy. The first policy stays as long as there is any handle to the session.
final class SharedGates: Sendable {
    private struct Weak: Sendable {
        weak var gates: SharedGates?
    }

    private struct Gates: Sendable {
        /// The gate for handles without one. It stays when the handle that added it is deallocated.
        var first: AuthenticationGate?
        /// The gates of other handles, each as long as its handle exists.
        var others: [AuthenticationGate] = []

        var all: [AuthenticationGate] { (first.map { [$0] } ?? []) + others }
    }

    /// The gates of all open sessions, by the address of the epoch that a session's handles share. Each entry removes itself,
    /// so that opening a session does not have to look at the others.
    private static let all = Locked([UInt64: Weak]())

    /// Retained so that the memory at `address` stays in use: no other session can have this address while this object lives.
    private let core: any CoreSessionProtocol
    private let address: UInt64
    private let gates = Locked(Gates())
    /// Announces that a gate was added, opened or closed, so that the session may disclose more or less than before.
    let changes = Broadcaster<Void>(beginsWithLatest: false)

    private init(_ core: any CoreSessionProtocol, at address: UInt64) {
        self.core = core
        self.address = address
    }

    /// The gates of the session that `core` is a handle to.
    ///
    /// - Parameter gate: The handle's own gate.
    static func of(_ core: any CoreSessionProtocol, adding gate: AuthenticationGate?) -> SharedGates {
        let address = core.epochAddress()
        let shared = all.withLock { all in
            // A preview has no address, and shares nothing.
            if address != 0, let shared = all[address]?.gates { return shared }
            let new = SharedGates(core, at: address)
            if address != 0 { all[address] = Weak(gates: new) }
            return new
        }
        if let gate {
            shared.gates.withLock { gates in
                if gates.first == nil { gates.first = gate } else { gates.others.append(gate) }
            }
            gate.announce(to: shared.changes)
            shared.changes.send(())
        }
        return shared
    }

    deinit {
        changes.end()
        // There may already be new gates for the same session. They must not be deallocated under the lock, because their
        // `deinit` takes it.
        let newer = Self.all.withLock { all in
            let newer = all[address]?.gates
            if newer == nil { all[address] = nil }
            return newer
        }
        withExtendedLifetime(newer) {}
    }

    /// Removes the gate of a handle that is being deallocated.
    func leave(_ gate: AuthenticationGate) {
        gates.withLock { $0.others.removeAll { $0 === gate } }
    }

    /// The gate for handles without one.
    var first: AuthenticationGate? { gates.withLock(\.first) }

    /// Opens all gates, because the user has just signed in.
    func open() {
        for gate in gates.withLock(\.all) { gate.open() }
    }

    /// Closes all gates, because nobody is signed in any more.
    func close() {
        for gate in gates.withLock(\.all) { gate.close() }
    }
}
