internal import PilotlightCore

/// The gates of one session that is open in this process, however many handles it has.
///
/// A second ``Session`` with the same client, issuer, storage and name shares the tokens. So it shares the policy too: without
/// one it would be a way around it. The first policy stays as long as any handle to the session does.
final class SharedGates: Sendable {
    private struct Weak: Sendable {
        weak var gates: SharedGates?
    }

    private struct Gates: Sendable {
        /// For handles without their own. It stays when the handle that brought it is gone.
        var first: AuthenticationGate?
        /// Of the other handles, for as long as these are there.
        var others: [AuthenticationGate] = []

        var all: [AuthenticationGate] { (first.map { [$0] } ?? []) + others }
    }

    /// By the address of what the handles share. What ends removes itself: an opening looks at no other session.
    private static let all = Locked([UInt64: Weak]())

    /// Keeps what is at that address: no other session can be there as long as this object lives.
    private let core: any CoreSessionProtocol
    private let address: UInt64
    private let gates = Locked(Gates())
    /// Something of this has changed: what the session gives out may be more or less than before.
    let changes = Broadcaster<Void>(beginsWithLatest: false)

    private init(_ core: any CoreSessionProtocol, at address: UInt64) {
        self.core = core
        self.address = address
    }

    /// Those of the session that this is a handle to.
    ///
    /// - Parameter gate: The handle's own.
    static func of(_ core: any CoreSessionProtocol, adding gate: AuthenticationGate?) -> SharedGates {
        let address = core.epochAddress()
        let shared = all.withLock { all in
            // What only lives in memory, as a preview, shares nothing.
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
        // There may be new gates for the same session already. They must not end under the lock, which this takes.
        let newer = Self.all.withLock { all in
            let newer = all[address]?.gates
            if newer == nil { all[address] = nil }
            return newer
        }
        withExtendedLifetime(newer) {}
    }

    /// The handle with this gate is gone.
    func leave(_ gate: AuthenticationGate) {
        gates.withLock { $0.others.removeAll { $0 === gate } }
    }

    /// The gate for handles without one.
    var first: AuthenticationGate? { gates.withLock(\.first) }

    /// The user has just shown who they are: a sign-in.
    func open() {
        for gate in gates.withLock(\.all) { gate.open() }
    }

    /// Nobody is signed in any more.
    func close() {
        for gate in gates.withLock(\.all) { gate.close() }
    }
}
