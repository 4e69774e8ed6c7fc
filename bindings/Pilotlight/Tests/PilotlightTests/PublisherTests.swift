#if canImport(Combine)
import Combine
import Foundation
import Testing

@testable import Pilotlight

/// The publishers as subscribers see them: with Apple's Combine on a Mac, and with the stand-in of `testing/apple-stubs` on
/// Linux.
@Suite struct PublisherTests {
    private static let signedIn = SessionState.signedIn(subject: "1", expiresAt: .distantFuture)

    @Test func aSubscriberGetsTheLatestStateThenEveryChangeInOrderAndTheEnd() async {
        let (session, broadcaster) = Self.session()
        broadcaster.stateChanged(state: .signedOut)
        let probe = Probe<SessionState>(asking: .unlimited)
        session?.statePublisher.receive(subscriber: probe)
        await probe.until { $0.values == [.signedOut] }
        for number in 0..<100 { broadcaster.stateChanged(state: Self.state(number).core) }
        broadcaster.end()
        await probe.until(\.isFinished)
        #expect(probe.seen.values == [.signedOut] + (0..<100).map(Self.state))
        #expect(probe.seen.faults == [])
    }

    @Test func noMoreIsHandedOverThanWasAskedForAndNothingIsDropped() async {
        let (session, broadcaster) = Self.session()
        let probe = Probe<SessionState>(asking: .none)
        session?.statePublisher.receive(subscriber: probe)
        for number in 0..<10 { broadcaster.stateChanged(state: Self.state(number).core) }
        probe.request(.max(2))
        await probe.until { $0.values.count == 2 }
        probe.request(.none)
        probe.request(.max(1))
        probe.request(.max(2))
        await probe.until { $0.values.count == 5 }
        broadcaster.end()
        // The completion comes after the values, which wait until they are requested.
        probe.request(.unlimited)
        await probe.until(\.isFinished)
        #expect(probe.seen.values == (0..<10).map(Self.state))
        #expect(probe.seen.faults == [])
    }

    @Test func whatASubscriberAsksForWithAValueCounts() async {
        let (session, broadcaster) = Self.session()
        // One value at a time: each `receive` requests the next one.
        let probe = Probe<SessionState>(asking: .max(1), each: .max(1))
        session?.statePublisher.receive(subscriber: probe)
        for number in 0..<50 { broadcaster.stateChanged(state: Self.state(number).core) }
        broadcaster.end()
        await probe.until(\.isFinished)
        #expect(probe.seen.values == (0..<50).map(Self.state))
        #expect(probe.seen.faults == [])
    }

    @Test func aCancelledSubscriberGetsNothingMoreNotEvenTheEndAndIsReleased() async {
        let (session, broadcaster) = Self.session()
        weak var weakly: Probe<SessionState>?
        let other = Probe<SessionState>(asking: .unlimited)
        do {
            let probe = Probe<SessionState>(asking: .unlimited)
            weakly = probe
            session?.statePublisher.receive(subscriber: probe)
            broadcaster.stateChanged(state: .locked)
            await probe.until { $0.values == [.locked] }
            probe.cancel()
            probe.cancel()
            probe.request(.max(1))
            session?.statePublisher.receive(subscriber: other)
            broadcaster.stateChanged(state: .signedOut)
            broadcaster.end()
            await other.until(\.isFinished)
            #expect(probe.seen.values == [.locked])
            #expect(!probe.seen.isFinished)
            #expect(probe.seen.faults == [])
        }
        await eventually { weakly == nil }
        #expect(other.seen.values == [.locked, .signedOut])
    }

    @Test func oneThatIsCancelledBeforeItAskedForAnythingIsReleased() async {
        let (session, broadcaster) = Self.session()
        weak var weakly: Probe<SessionState>?
        do {
            let probe = Probe<SessionState>(asking: .none)
            weakly = probe
            session?.statePublisher.receive(subscriber: probe)
            broadcaster.stateChanged(state: .locked)
            probe.cancel()
            probe.request(.unlimited)
            #expect(probe.seen.values == [])
        }
        await eventually { weakly == nil }
        broadcaster.stateChanged(state: .signedOut)
    }

    @Test func aSubscriberMayCancelWhileItGetsAValue() async {
        let (session, broadcaster) = Self.session()
        let probe = Probe<SessionState>(asking: .unlimited, cancelsAfter: 2)
        let other = Probe<SessionState>(asking: .unlimited)
        session?.statePublisher.receive(subscriber: probe)
        session?.statePublisher.receive(subscriber: other)
        for number in 0..<10 { broadcaster.stateChanged(state: Self.state(number).core) }
        broadcaster.end()
        await other.until(\.isFinished)
        await probe.until { $0.values.count == 2 }
        #expect(probe.seen.values == [Self.state(0), Self.state(1)])
        #expect(!probe.seen.isFinished)
        #expect(other.seen.values.count == 10)
    }

    @Test func eventsBeginWithTheSubscriptionAndStatesWithTheLatest() async {
        let (session, broadcaster) = Self.session()
        broadcaster.stateChanged(state: .signedOut)
        broadcaster.happened(event: .signedOut(elsewhere: false))
        let events = Probe<SessionEvent>(asking: .none)
        session?.eventPublisher.receive(subscriber: events)
        // After the subscription, but before the first value was requested.
        broadcaster.happened(event: .profileChanged)
        events.request(.unlimited)
        broadcaster.end()
        await events.until(\.isFinished)
        #expect(events.seen.values == [.profileChanged])
        #expect(events.seen.faults == [])
    }

    @Test func eachSubscriberOfOnePublisherGetsEverything() async {
        let (session, broadcaster) = Self.session()
        let publisher = session?.statePublisher
        let probes = (0..<5).map { _ in Probe<SessionState>(asking: .unlimited) }
        for probe in probes { publisher?.receive(subscriber: probe) }
        for number in 0..<20 { broadcaster.stateChanged(state: Self.state(number).core) }
        broadcaster.end()
        for probe in probes {
            await probe.until(\.isFinished)
            #expect(probe.seen.values == (0..<20).map(Self.state))
        }
    }

    @Test func aPublisherDoesNotKeepItsSessionAndEndsWithIt() async {
        var session: Session? = .preview(state: .signedOut)
        weak var weakly = session
        let publisher = session?.statePublisher
        let probe = Probe<SessionState>(asking: .unlimited)
        publisher?.receive(subscriber: probe)
        session = nil
        await probe.until(\.isFinished)
        #expect(weakly == nil)
        #expect(probe.seen.values == [.signedOut])
    }

    @Test func sinksFollowASessionUntilTheyAreCancelled() async throws {
        let session = Session.preview()
        let states = Locked<[SessionState]>([])
        let events = Locked<[SessionEvent]>([])
        var cancellables: Set<AnyCancellable> = []
        session.statePublisher.sink { state in states.withLock { $0.append(state) } }.store(in: &cancellables)
        session.eventPublisher.sink { event in events.withLock { $0.append(event) } }.store(in: &cancellables)
        await session.signOut()
        await eventually { events.withLock { $0.contains(.signedOut(elsewhere: false)) } }
        await eventually { states.withLock { $0.last == .signedOut } }
        cancellables = []
        let before = events.withLock(\.count)
        struct Browser: WebAuthenticator {
            func authenticate(url: URL, redirectURI: URL) async throws -> URL { redirectURI }
        }
        try await session.signIn(using: Browser())
        let later = Probe<SessionState>(asking: .unlimited)
        session.statePublisher.receive(subscriber: later)
        await later.until { $0.values.last?.isSignedIn == true }
        #expect(events.withLock(\.count) == before)
    }

    private static func state(_ number: Int) -> SessionState {
        .signedIn(subject: "\(number)", expiresAt: .distantFuture)
    }

    private static func session() -> (Session?, SessionBroadcaster) {
        let broadcaster = SessionBroadcaster()
        let contents = PreviewCore.Contents(
            state: nil, profile: .preview(), metadata: [:], accessToken: "token", error: nil)
        let configuration = SessionConfiguration.openIDConnect(
            issuer: "https://preview.invalid", clientID: "preview", redirectURI: "pilotlight-preview://callback")
        let core = PreviewCore(contents: contents, broadcaster: broadcaster)
        return (Session(configuration: configuration, core: core, broadcaster: broadcaster), broadcaster)
    }
}

/// A subscriber that checks Combine's guarantees, and records what it gets.
final class Probe<Input: Sendable>: Subscriber, @unchecked Sendable {
    typealias Failure = Never

    struct Seen {
        var values: [Input] = []
        var isFinished = false
        /// Violations of Combine's rules by the publisher.
        var faults: [String] = []
    }

    private struct State {
        var seen = Seen()
        var subscription: (any Subscription)?
        /// How many requested values have not arrived yet; nil means without limit.
        var left: Int? = 0
        var isInCall = false
        var isCancelled = false

        mutating func add(_ demand: Subscribers.Demand) {
            guard let left, let more = demand.max else { return self.left = nil }
            self.left = left + more
        }
    }

    private let state = Guarded(State())
    private let first: Subscribers.Demand
    private let each: Subscribers.Demand
    private let cancelsAfter: Int?

    init(asking first: Subscribers.Demand, each: Subscribers.Demand = .none, cancelsAfter: Int? = nil) {
        self.first = first
        self.each = each
        self.cancelsAfter = cancelsAfter
    }

    var seen: Seen { state.use { $0.seen } }

    func request(_ demand: Subscribers.Demand) {
        let subscription = state.use { state in
            state.add(demand)
            return state.subscription
        }
        subscription?.request(demand)
    }

    func cancel() {
        let subscription = state.use { state in
            state.isCancelled = true
            return state.subscription
        }
        subscription?.cancel()
    }

    func receive(subscription: any Subscription) {
        state.use { state in
            if state.subscription != nil { state.seen.faults.append("subscribed twice") }
            state.subscription = subscription
        }
        if first != .none { request(first) }
    }

    func receive(_ input: Input) -> Subscribers.Demand {
        let count = state.use { state in
            if state.subscription == nil { state.seen.faults.append("a value before the subscription") }
            if state.seen.isFinished { state.seen.faults.append("a value after the end") }
            if state.isInCall { state.seen.faults.append("two calls at once") }
            if state.left == 0 { state.seen.faults.append("a value that was not asked for") }
            state.isInCall = true
            state.left = state.left.map { $0 - 1 }
            state.seen.values.append(input)
            return state.seen.values.count
        }
        if count == cancelsAfter { cancel() }
        state.use { state in
            state.isInCall = false
            state.add(each)
        }
        return each
    }

    func receive(completion: Subscribers.Completion<Never>) {
        state.use { state in
            if state.seen.isFinished { state.seen.faults.append("ended twice") }
            if state.isInCall { state.seen.faults.append("the end during a value") }
            if state.isCancelled { state.seen.faults.append("the end after it was cancelled") }
            state.seen.isFinished = true
            state.subscription = nil
        }
    }

    /// Waits until `condition` holds; fails the test if it does not.
    func until(_ condition: @Sendable (Seen) -> Bool, _ place: SourceLocation = #_sourceLocation) async {
        await eventually(place) { condition(self.seen) }
    }

    /// A lock for a value that is not `Sendable` but is used by one call at a time.
    private final class Guarded: @unchecked Sendable {
        private let lock = NSLock()
        private var value: State

        init(_ value: State) {
            self.value = value
        }

        func use<Result>(_ body: (inout State) -> Result) -> Result {
            lock.withLock { body(&value) }
        }
    }
}

/// Lets other tasks run until `condition` holds.
private func eventually(_ place: SourceLocation = #_sourceLocation, _ condition: () -> Bool) async {
    for _ in 0..<1_000_000 where !condition() { await Task.yield() }
    #expect(condition(), sourceLocation: place)
}
#endif
