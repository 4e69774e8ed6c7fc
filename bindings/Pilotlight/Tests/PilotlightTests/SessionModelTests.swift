import Foundation
import Observation
import Testing

@testable import Pilotlight

#if canImport(Combine)
import Combine
#endif

/// Both models, `SessionModel` and `ObservableSession`, have the same members and behave the same.
@MainActor @Suite struct SessionModelTests {
    private struct Authenticator: WebAuthenticator {
        var error: (any Error)?

        func authenticate(url: URL, redirectURI: URL) async throws -> URL {
            if let error { throw error }
            return redirectURI
        }
    }

    @Test(arguments: ModelKind.allCases) func followsTheSession(kind: ModelKind) async {
        let session = Session.preview(state: nil)
        let model = kind.model(session)
        #expect(model.state == nil && !model.isSignedIn)
        await model.restore()
        #expect(model.state == .signedOut && !model.isSignedIn)
        await model.signIn(using: Authenticator())
        #expect(model.isSignedIn && session.isSignedIn)
        #expect(model.profile?.name == "Ada Lovelace")
        #expect(!model.isBusy)
        await model.signOut()
        #expect(model.state == .signedOut)
        #expect(model.profile == nil)
    }

    @Test(arguments: ModelKind.allCases) func seesChangesThatOthersMake(kind: ModelKind) async {
        let session = Session.preview()
        let model = kind.model(session)
        #expect(model.isSignedIn)
        await session.signOut()
        await untilChanged { model.state == .signedOut }
        #expect(model.state == .signedOut)
    }

    @Test(arguments: ModelKind.allCases) func showsErrorsButNotACancelledSignIn(kind: ModelKind) async {
        let error = SessionError.temporarilyUnavailable(reason: .network, retryAfter: nil, message: "m")
        let failing = kind.model(.preview(failingWith: error))
        await failing.loadProfile()
        #expect(failing.error == error)
        failing.dismissError()
        #expect(failing.error == nil)

        let model = kind.model(.preview(state: .signedOut))
        await model.signIn(using: Authenticator(error: SessionError.signInCancelled))
        #expect(model.error == nil)
        await model.signIn(using: Authenticator(error: CancellationError()))
        #expect(model.error == nil)
        await model.signIn(using: Authenticator(error: URLError(.unknown)))
        #expect(model.error != nil)
    }

    private struct Refused: LocalizedError, CustomNSError {
        static let errorDomain = "Managed"
        var errorCode: Int { 7 }
        var errorDescription: String?
    }

    @Test(arguments: ModelKind.allCases) func showsWhatAnAppsOwnAuthenticatorSays(kind: ModelKind) async {
        let model = kind.model(.preview(state: .signedOut))
        await model.signIn(using: Authenticator(error: Refused(errorDescription: "the browser refused the page")))
        #expect(model.error?.message == "the authenticator failed: Refused (Managed 7): the browser refused the page")
        #expect(model.error?.errorDescription?.contains("the browser refused the page") == true)
        await model.signIn(using: Authenticator(error: Refused(errorDescription: "no answer to app://cb?code=secret")))
        #expect(model.error?.message == "the authenticator failed: Refused (Managed 7)")
        await model.signIn(using: Authenticator(error: NSError(domain: "Other", code: 3)))
        #expect(model.error?.message.hasSuffix("(Other 3)") == true)
    }

    @Test(arguments: ModelKind.allCases) func loadsAProfileThatIsTooOldAndKeepsItWhereItCannot(kind: ModelKind) async {
        let model = kind.model(.preview())
        await model.loadProfile(maxAge: 60)
        #expect(model.profile?.name == "Ada Lovelace")
        #expect(model.error == nil)
        await model.loadProfile(maxAge: -1)
        guard case .argumentInvalid = model.error else {
            Issue.record("\(String(describing: model.error))")
            return
        }
        #expect(model.profile?.name == "Ada Lovelace")
    }

    @Test(arguments: ModelKind.allCases) func renewsATokenThatIsGoodAndShowsWhyItCouldNot(kind: ModelKind) async {
        let session = Session.preview()
        var events = session.events.makeAsyncIterator()
        let model = kind.model(session)
        await model.renew()
        #expect(model.error == nil)
        guard case .renewed? = await events.next() else {
            Issue.record("nothing was renewed")
            return
        }
        let error = SessionError.temporarilyUnavailable(reason: .network, retryAfter: nil, message: "m")
        let failing = kind.model(.preview(failingWith: error))
        await failing.renew()
        #expect(failing.error == error)
    }

    @Test(arguments: ModelKind.allCases) func isGoneWhenNobodyHoldsIt(kind: ModelKind) async {
        let session = Session.preview()
        weak var weakly: (any Model)?
        do {
            let model = kind.model(session)
            weakly = model
            await Task.yield()
        }
        #expect(weakly == nil)
    }

    @Test(arguments: ModelKind.allCases)
    func isDrawnAgainWhenAnAuthenticationEndsAndAfterTheNextOne(kind: ModelKind) async throws {
        let clock = Locked(UInt64(1_000_000_000_000))
        let moment = Locked(Gate())
        let user = ScriptedAuthenticator()
        let policy = UserAuthenticationPolicy.after(300, reason: "r", authenticator: user)
        // Sleeping advances the clock, once the test allows it.
        let gate = AuthenticationGate(policy, now: { clock.withLock { $0 } }) { seconds in
            await moment.withLock { $0 }.pass()
            clock.withLock { $0 += UInt64(seconds * 1e9) }
        }
        let session = Session.preview(behind: gate)
        let model = kind.model(session)
        #expect(model.isUserAuthenticationRequired && model.profile == nil)
        for byModel in [false, true] {
            let opened = Screen(of: model)
            if byModel { await model.authenticateUser() } else { try await session.authenticateUser() }
            await untilChanged { opened.isOutdated }
            #expect(opened.isOutdated && !model.isUserAuthenticationRequired)
            await untilChanged { model.profile != nil }
            #expect(model.profile?.name == "Ada Lovelace")

            let closed = Screen(of: model)
            await moment.withLock { $0 }.untilReached()
            #expect(!closed.isOutdated && !model.isUserAuthenticationRequired)
            moment.withLock { $0 }.open()
            await untilChanged { closed.isOutdated }
            #expect(closed.isOutdated && model.isUserAuthenticationRequired && model.profile == nil)
            moment.withLock { $0 = Gate() }
        }
        #expect(user.asked == 2)
        // A sign-out closes the gate too, and a sign-in opens it.
        await model.signOut()
        await model.signIn(using: Authenticator())
        await untilChanged { model.profile != nil }
        #expect(model.profile != nil && user.asked == 2)
        moment.withLock { $0 }.open()
    }

    @Test(arguments: ModelKind.allCases) func saysWhyTheUserDidNotAuthenticate(kind: ModelKind) async {
        let user = ScriptedAuthenticator()
        let model = kind.model(.preview(behind: AuthenticationGate(.atLaunch(reason: "r", authenticator: user))))
        let error = SessionError.userAuthenticationFailed(reason: .cancelled, message: "m")
        user.fail(with: error)
        await model.authenticateUser()
        #expect(model.error == error && model.isUserAuthenticationRequired)
        user.fail(with: nil)
        await model.authenticateUser()
        #expect(model.error == nil && !model.isUserAuthenticationRequired)
    }

    /// A screen that shows the profile, and records whether it has to be redrawn.
    @MainActor private final class Screen {
        private let drawn = Locked(true)
        #if canImport(Combine)
        private var watching: AnyCancellable?
        #endif

        init(of model: any Model) {
            let drawn = drawn
            #if canImport(Combine)
            watching = (model as? ObservableSession)?.objectWillChange.sink { _ in drawn.withLock { $0 = false } }
            #endif
            withObservationTracking {
                _ = (model as? SessionModel)?.profile
            } onChange: {
                drawn.withLock { $0 = false }
            }
        }

        var isOutdated: Bool { !drawn.withLock { $0 } }
    }

    #if canImport(Combine)
    @Test func anObservableObjectAnnouncesEachChangeBeforeItHappens() async {
        let model = ObservableSession(.preview(state: .signedOut))
        let announced = Locked<[SessionState?]>([])
        // This runs on the main actor, where the model changes.
        let watching = model.objectWillChange.sink { _ in
            let state = MainActor.assumeIsolated { model.state }
            announced.withLock { $0.append(state) }
        }
        let published = Locked<[Bool]>([])
        let busy = model.$isBusy.sink { value in published.withLock { $0.append(value) } }
        await model.signIn(using: Authenticator())
        #expect(announced.withLock(\.first) == .some(.signedOut), "it still has the old state")
        #expect(published.withLock { $0 } == [false, true, false])
        watching.cancel()
        let count = announced.withLock(\.count)
        await model.signOut()
        #expect(announced.withLock(\.count) == count)
        #expect(model.state == .signedOut)
        busy.cancel()
    }
    #endif

    /// Lets other tasks on the main actor run until `condition` holds.
    private func untilChanged(_ condition: () -> Bool) async {
        for _ in 0..<1_000_000 where !condition() { await Task.yield() }
    }
}

/// The members of both models.
@MainActor protocol Model: AnyObject {
    var session: Session { get }
    var state: SessionState? { get }
    var isSignedIn: Bool { get }
    var profile: SessionProfile? { get }
    var isUserAuthenticationRequired: Bool { get }
    var error: SessionError? { get }
    var isBusy: Bool { get }
    func restore() async
    func signIn(using authenticator: some WebAuthenticator, options: SignInOptions) async
    func loadProfile(refresh: Bool) async
    func loadProfile(maxAge: TimeInterval) async
    func renew() async
    func authenticateUser() async
    func signOut() async
    func dismissError()
}

extension Model {
    func signIn(using authenticator: some WebAuthenticator) async {
        await signIn(using: authenticator, options: SignInOptions())
    }

    func loadProfile() async {
        await loadProfile(refresh: false)
    }
}

@available(iOS 17, macOS 14, *)
extension SessionModel: Model {}

#if canImport(Combine)
extension ObservableSession: Model {}
#endif

enum ModelKind: CaseIterable, Sendable {
    case observation
    #if canImport(Combine)
    case combine
    #endif

    @MainActor func model(_ session: Session) -> any Model {
        switch self {
        #if canImport(Combine)
        case .combine: return ObservableSession(session)
        #endif
        case .observation:
            guard #available(iOS 17, macOS 14, *) else { preconditionFailure("the tests run on later systems") }
            return SessionModel(session)
        }
    }
}
