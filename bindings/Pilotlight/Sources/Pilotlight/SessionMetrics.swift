import Foundation
internal import PilotlightCore

/// Receives the measurements of sessions, for an app's own monitoring; see <doc:MeasureASession>.
///
/// ```swift
/// let session = try Session(configuration, metrics: recorder)
/// ```
///
/// A recorder is called after each measured operation: one at a time, in order, on a separate thread. Nothing waits for it. If
/// it is slow, up to 256 measurements are queued; further ones are dropped and counted
/// (``SessionCounters/lostMeasurements``). Tokens from memory are counted but not measured, so that they cost no call.
public protocol SessionMetricsRecorder: Sendable {
    /// Called when an operation has ended.
    func record(_ measurement: SessionMeasurement)
}

/// A measurement of a finished operation. It names no user, token, host or address.
public struct SessionMeasurement: Hashable, Sendable {
    /// The operations that are measured.
    public enum Operation: Hashable, Sendable {
        /// A renewal of an access token, from its first attempt to its end, pauses included. `attempts` is 1 if the first
        /// attempt was enough.
        case renewal(ofFurtherAudience: Bool, attempts: Int)
        /// A call waited for a renewal that another call had begun. Calls that ask for the same token at the same time are one
        /// measurement here; ``SessionCounters/sharedRenewals`` counts each of them.
        case sharedRenewal
        /// A renewal waited for another process that shares the store.
        case processLock
        /// One request to the issuer, until the end of its answer. `endpoint` is one of a few fixed names, such as `token
        /// endpoint`; `status` is the HTTP status of the answer, nil if there was none.
        case request(endpoint: String, status: Int?)
    }

    /// How an operation ended.
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
        /// Another process held the lock, or the system granted no background time.
        case busy
        /// Anything else.
        case otherFailure
    }

    /// The operation.
    public let operation: Operation
    /// How the operation ended.
    public let result: Result
    /// How long the operation took, in seconds, including the time that the device slept.
    public let duration: TimeInterval

    /// The name of the metric, in the style of OpenTelemetry, such as `pilotlight.renewal`.
    public var name: String {
        switch operation {
        case .renewal: "pilotlight.renewal"
        case .sharedRenewal: "pilotlight.shared_renewal"
        case .processLock: "pilotlight.process_lock"
        case .request: "pilotlight.request"
        }
    }

    /// The dimensions of a measurement, each with few values: `result`; for a renewal also `attempts` and `audience` (`own` or
    /// `further`); for a request also `endpoint` and `status`.
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

    /// Creates a measurement, for tests of a recorder.
    public init(operation: Operation, result: Result, duration: TimeInterval) {
        self.operation = operation
        self.result = result
        self.duration = duration
    }
}

/// Counts of what has happened in a session; see ``Session/counters``. The numbers never decrease.
///
/// Tokens from memory are counted for this ``Session``. Everything else is counted since the session was first opened in this
/// process, for all its ``Session`` objects.
public struct SessionCounters: Hashable, Sendable {
    /// Calls for an access token that were answered from memory.
    public let tokensFromMemory: Int
    /// Renewals that brought a token, including those for further audiences.
    public let renewals: Int
    /// Renewals that failed, after all attempts.
    public let failedRenewals: Int
    /// Renewal attempts after the first one, and requests that were sent again because their answer was lost.
    public let retries: Int
    /// Calls that waited for a renewal that another call had begun.
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
    /// Counts of what has happened in this session so far. O(1): reads memory only. It needs no recorder.
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

/// Forwards the core's measurements to an app's recorder.
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
