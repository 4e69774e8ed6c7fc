internal import PilotlightCore
internal import PilotlightFFI

/// The session's epoch: a counter of the core's that is another number after everything that may have changed the session. A
/// caller that has seen such a change, on any thread, also sees its number.
///
/// Reading it costs a few nanoseconds; asking the core costs fifty times that.
struct SessionEpoch: Sendable {
    /// Where the counter is; 0 where there is none, as in a preview's double.
    private let address: UInt

    init(of core: any CoreSessionProtocol) {
        address = UInt(core.epochAddress())
    }

    private var counter: UnsafePointer<UInt64>? { UnsafePointer(bitPattern: address) }

    /// The number now. The core must be alive.
    var now: UInt64? { counter.map(pilotlight_epoch) }

    /// Whether it is still `known`, and the clock has not come to `deadline`. The core must be alive.
    func isStill(_ known: UInt64, before deadline: UInt64) -> Bool {
        guard let counter else { return false }
        return pilotlight_is_current(counter, known, deadline)
    }
}

/// The text of the access token that was asked for last, for as long as the core said that it is good.
///
/// Whether it is good is decided by the core alone: it gives a lease, which ends with anything that happens to the session, and
/// after a second in any case.
final class TokenCache: Sendable {
    private struct Kept: Sendable {
        var token = ""
        var lease = TokenLease(epoch: 0, expires: 0, ends: 0)
        /// How often the text was forgotten.
        var forgotten: UInt64 = 0
        /// How often a text was asked for, and how often there was none to give.
        var asked = 0
        var refused = 0
    }

    private let kept = Locked(Kept())

    /// Whether no text is kept.
    var isEmpty: Bool { kept.withLock { $0.token.isEmpty } }

    /// How often a text was given. Counted under the lock that is taken anyway, so that it costs nothing.
    var given: Int { kept.withLock { $0.asked - $0.refused } }

    func token(of core: any CoreSessionProtocol, epoch: SessionEpoch, minTtlSeconds: UInt32) -> String? {
        let known = kept.withLock { kept in
            kept.asked &+= 1
            return kept
        }
        if epoch.isStill(known.lease.epoch, before: known.lease.deadline(minTtlSeconds: minTtlSeconds)) {
            return known.token
        }
        return ask(core, minTtlSeconds: minTtlSeconds, forgotten: known.forgotten)
    }

    private func ask(_ core: any CoreSessionProtocol, minTtlSeconds: UInt32, forgotten: UInt64) -> String? {
        // The lease first: if the session changes in between, the text is of a later epoch than its lease, which has ended
        // then. The other way round an old text could be kept with a new lease.
        let lease = core.tokenLease()
        guard let token = core.cachedAccessToken(minTtlSeconds: minTtlSeconds) else {
            if lease == nil { forget() }
            kept.withLock { $0.refused &+= 1 }
            return nil
        }
        guard let lease else { return token }
        kept.withLock { kept in
            // The state changed while the text was read: it may be that of a user who has signed out.
            guard kept.forgotten == forgotten else { return }
            kept.token = token
            kept.lease = lease
        }
        return token
    }

    func forget() {
        kept.withLock { $0 = Kept(forgotten: $0.forgotten &+ 1, asked: $0.asked, refused: $0.refused) }
    }
}

extension TokenLease {
    /// Until when the text is good for a caller who needs it for that long.
    fileprivate func deadline(minTtlSeconds: UInt32) -> UInt64 {
        if minTtlSeconds == 0 { return ends }
        let (latest, isOver) = expires.subtractingReportingOverflow(UInt64(minTtlSeconds) * 1_000_000_000)
        // A token that is good for exactly as long as was asked for is good enough.
        return isOver ? 0 : min(ends, latest)
    }
}
