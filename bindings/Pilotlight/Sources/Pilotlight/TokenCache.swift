internal import PilotlightCore
internal import PilotlightFFI

/// The session's epoch: a counter in the core that changes with everything that may have changed the session. A caller that
/// has seen such a change, on any thread, also sees the new number.
///
/// Reading it costs a few nanoseconds; a call to the core costs fifty times as much.
struct SessionEpoch: Sendable {
    /// The address of the counter; 0 if there is none, as in a preview.
    private let address: UInt

    init(of core: any CoreSessionProtocol) {
        address = UInt(core.epochAddress())
    }

    private var counter: UnsafePointer<UInt64>? { UnsafePointer(bitPattern: address) }

    /// The current number. The core must be alive.
    var now: UInt64? { counter.map(pilotlight_epoch) }

    /// Whether the number is still `known` and the clock has not reached `deadline`. The core must be alive.
    func isStill(_ known: UInt64, before deadline: UInt64) -> Bool {
        guard let counter else { return false }
        return pilotlight_is_current(counter, known, deadline)
    }
}

/// The last access token that was read from the core, kept for as long as the core says that it is good.
///
/// Only the core decides whether the token is good: it gives a lease, which ends as soon as anything happens to the session, and
/// after a second in any case.
final class TokenCache: Sendable {
    private struct Kept: Sendable {
        var token = ""
        var lease = TokenLease(epoch: 0, expires: 0, ends: 0)
        /// How often the token was forgotten.
        var forgotten: UInt64 = 0
        /// How often a token was requested, and how often there was none.
        var asked = 0
        var refused = 0
    }

    private let kept = Locked(Kept())

    /// Whether no token is kept.
    var isEmpty: Bool { kept.withLock { $0.token.isEmpty } }

    /// How often a token was returned. Counted under the lock that is taken anyway, so that it costs nothing.
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
        // The lease is read first. If the session changes in between, the token is newer than its lease, which has then ended.
        // In the other order an old token could be kept with a new lease.
        let lease = core.tokenLease()
        guard let token = core.cachedAccessToken(minTtlSeconds: minTtlSeconds) else {
            if lease == nil { forget() }
            kept.withLock { $0.refused &+= 1 }
            return nil
        }
        guard let lease else { return token }
        kept.withLock { kept in
            // If the state changed while the token was read, it may be the token of a user who has signed out.
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
    /// Until when the token may be returned to a caller that needs it for `minTtlSeconds`.
    fileprivate func deadline(minTtlSeconds: UInt32) -> UInt64 {
        if minTtlSeconds == 0 { return ends }
        let (latest, isOver) = expires.subtractingReportingOverflow(UInt64(minTtlSeconds) * 1_000_000_000)
        // A token that is good for exactly the requested time is good enough.
        return isOver ? 0 : min(ends, latest)
    }
}
