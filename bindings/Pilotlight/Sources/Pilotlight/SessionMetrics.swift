import Foundation
internal import PilotlightCore

/// Receives the measurements of sessions, for an app's own monitoring; see <doc:MeasureASession>.
///
/// ```swift
/// let session = try Session(configuration, metrics: recorder)
/// ```
///
/// Called after each measured operation: one at a time, in order, on a separate thread. Nothing waits for it. For a slow
/// recorder 256 measurements are kept; further ones are dropped and counted
/// (``SessionCounters/lostMeasurements``). A token from memory is counted and not measured, so that it costs no call.
public protocol SessionMetricsRecorder: Sendable {
    /// An operation has ended.
    func record(_ measurement: SessionMeasurement)
}

/// A finished operation of a session. It names no user, token, host or address.
public struct SessionMeasurement: Hashable, Sendable {
    /// What is measured.
    public enum Operation: Hashable, Sendable {
        /// A renewal of an access token, from its first attempt to its end, pauses included. `attempts` is 1 if the first one
        /// was enough.
        case renewal(ofFurtherAudience: Bool, attempts: Int)
        /// A call waited for a renewal that another had begun. Calls that ask for the same at the same time are one here;
        /// ``SessionCounters/sharedRenewals`` counts each.
        case sharedRenewal
        /// A renewal waited for another process that shares the store.
        case processLock
        /// One request to the issuer, until the end of its answer. `endpoint` is one of a few fixed names, such as `token
        /// endpoint`; `status` is the answer's, nil if none came.
        case request(endpoint: String, status: Int?)
    }

    /// How it ended.
    public enum Result: String, Hashable, Sendable, CaseIterable {
        /// It succeeded.
        case succeeded
        /// The network gave no answer.
        case networkFailed
        /// The issuer failed, asked to wait, or gave an answer that does not follow the protocol.
        case issuerFailed
        /// The issuer refused.
        case issuerRefused
        /// The store could not be read or written, or the device is locked.
        case storageFailed
        /// Another process held the lock, or the system gave no time in the background.
        case busy
        /// Anything else.
        case otherFailure
    }

    /// What it was.
    public let operation: Operation
    /// How it ended.
    public let result: Result
    /// How long it took, in seconds, time asleep included.
    public let duration: TimeInterval

    /// Its name as a metric, in the style of OpenTelemetry's names: such as `pilotlight.renewal`.
    public var name: String {
        switch operation {
        case .renewal: "pilotlight.renewal"
        case .sharedRenewal: "pilotlight.shared_renewal"
        case .processLock: "pilotlight.process_lock"
        case .request: "pilotlight.request"
        }
    }

    /// The dimensions of a measurement, with few values each: `result`, and with a renewal `attempts` and
    /// `audience` (`own` or `further`), with a request `endpoint` and `status`.
    public var attributes: [String: String] {
        var attributes = ["result": result.rawValue]
        switch operation {
        case .renewal(let isFurther, let attempts):
            attributes["audience"] = isFurther ? "further" : "own"
            attributes["attempts"] = "\(attempts)"
        case .request(let endpoint, let status):
            attributes["endpoint"] = endpoint
            attributes["status"] = status.map { "\($0)" } ?? "none"
        case .sharedRenewal, .processLock:
            break
        }
        return attributes
    }

    /// For tests of a recorder.
    public init(operation: Operation, result: Result, duration: TimeInterval) {
        self.operation = operation
        self.result = result
        self.duration = duration
    }
}

/// What has happened in a session, as ``Session/counters`` read it. The numbers never decrease.
///
/// Tokens from memory are counted for this ``Session``. Everything else is counted since the session was first opened in this
/// process, for all its ``Session`` objects.
public struct SessionCounters: Hashable, Sendable {
    /// Calls for an access token that were answered from memory.
    public let tokensFromMemory: Int
    /// Renewals that brought a token, those for further audiences included.
    public let renewals: Int
    /// Renewals that failed, after all attempts.
    public let failedRenewals: Int
    /// Further attempts of renewals, and requests that were sent again because their answer was lost.
    public let retries: Int
    /// Calls that waited for a renewal that another had begun.
    public let sharedRenewals: Int
    /// Requests to the issuer.
    public let requests: Int
    /// Requests without an answer.
    public let unansweredRequests: Int
    /// Measurements that were dropped because the recorder was slow.
    public let lostMeasurements: Int

    /// For tests of an app.
    public init(
        tokensFromMemory: Int = 0, renewals: Int = 0, failedRenewals: Int = 0, retries: Int = 0,
        sharedRenewals: Int = 0, requests: Int = 0, unansweredRequests: Int = 0, lostMeasurements: Int = 0
    ) {
        self.tokensFromMemory = tokensFromMemory
        self.renewals = renewals
        self.failedRenewals = failedRenewals
        self.retries = retries
        self.sharedRenewals = sharedRenewals
        self.requests = requests
        self.unansweredRequests = unansweredRequests
        self.lostMeasurements = lostMeasurements
    }
}

extension Session {
    /// What has happened in this session so far. O(1): reads memory only. It needs no recorder.
    public var counters: SessionCounters {
        let counted = core.counters()
        return SessionCounters(
            tokensFromMemory: tokens.given + Int(clamping: counted.tokensFromMemory),
            renewals: Int(clamping: counted.renewals), failedRenewals: Int(clamping: counted.failedRenewals),
            retries: Int(clamping: counted.retries),
            sharedRenewals: tokenCallers.joined + Int(clamping: counted.sharedRenewals),
            requests: Int(clamping: counted.requests), unansweredRequests: Int(clamping: counted.unansweredRequests),
            lostMeasurements: Int(clamping: counted.lostMeasurements))
    }
}

/// The core's sink over an app's recorder.
final class ForwardingMetricsSink: MetricsSink {
    private let recorder: any SessionMetricsRecorder

    init(_ recorder: any SessionMetricsRecorder) {
        self.recorder = recorder
    }

    func record(measurement: CoreMeasurement) {
        recorder.record(SessionMeasurement(measurement))
    }
}

extension SessionMeasurement {
    fileprivate init(_ core: CoreMeasurement) {
        let operation: Operation =
            switch core.operation {
            case .renewal(let isFurther, let attempts): .renewal(ofFurtherAudience: isFurther, attempts: Int(attempts))
            case .sharedRenewal: .sharedRenewal
            case .processLock: .processLock
            case .request(let endpoint, let status): .request(endpoint: endpoint, status: status.map(Int.init))
            }
        self.init(operation: operation, result: Result(core.result), duration: core.duration)
    }
}

extension SessionMeasurement.Result {
    fileprivate init(_ core: MeasuredResult) {
        switch core {
        case .succeeded: self = .succeeded
        case .networkFailed: self = .networkFailed
        case .issuerFailed: self = .issuerFailed
        case .issuerRefused: self = .issuerRefused
        case .storageFailed: self = .storageFailed
        case .busy: self = .busy
        case .otherFailure: self = .otherFailure
        }
    }
}
