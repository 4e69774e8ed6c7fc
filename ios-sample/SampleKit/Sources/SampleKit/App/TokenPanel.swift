import Foundation
import Observation
import Pilotlight

/// The access token's life: how long it is still good, and a button that renews it. The token itself is not in here.
@MainActor @Observable
public final class TokenPanel {
    /// Whether a renewal is under way.
    public private(set) var isRenewing = false
    /// What to say when the last renewal did not succeed.
    public private(set) var advice: Advice?

    private let session: Session

    /// The token of `session`.
    public init(_ session: Session) {
        self.session = session
    }

    /// Renews it, also when it is still good; a second press meanwhile does nothing.
    public func renew() async {
        guard !isRenewing else { return }
        isRenewing = true
        defer { isRenewing = false }
        do {
            _ = try await session.accessToken(forceRefresh: true)
            advice = nil
        } catch {
            advice = Advice.about(error)
        }
    }

    /// Takes the message away.
    public func dismiss() {
        advice = nil
    }
}

/// How long a token is still good.
public enum TokenLife: Equatable, Sendable {
    /// Seconds left, more than a minute's.
    case good(Int)
    /// Seconds left, a minute's at most.
    case ending(Int)
    /// It is renewed at the next call that needs it.
    case over

    /// At `now`, of a token that expires at `date`.
    public init(until date: Date, at now: Date) {
        let left = date.timeIntervalSince(now)
        // A date so far away is no number of seconds that a clock could show.
        let seconds = left < 1e9 ? Int(left.rounded(.up)) : 1_000_000_000
        self = seconds <= 0 ? .over : seconds <= 60 ? .ending(seconds) : .good(seconds)
    }

    /// `0:42`, `12:05`, `23:59:59`; nil when it is over, and for more than 99 days, which no clock shows.
    public var clock: String? {
        switch self {
        case .over: return nil
        case .good(let seconds), .ending(let seconds):
            guard seconds < 99 * 86_400 else { return nil }
            let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
            let rest = Self.twoDigits(seconds % 60)
            return hours > 0 ? "\(hours):\(Self.twoDigits(minutes)):\(rest)" : "\(minutes):\(rest)"
        }
    }

    private static func twoDigits(_ number: Int) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }
}
