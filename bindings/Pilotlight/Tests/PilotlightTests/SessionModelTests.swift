import Foundation
import Pilotlight
import Testing

@MainActor @Suite struct SessionModelTests {
    private struct Authenticator: WebAuthenticator {
        var error: (any Error)?

        func authenticate(url: URL, redirectURI: URL) async throws -> URL {
            if let error { throw error }
            return redirectURI
        }
    }

    @available(iOS 17, macOS 14, *) @Test func followsTheSession() async {
        let session = Session.preview(state: nil)
        let model = SessionModel(session)
        #expect(model.state == nil)
        await model.restore()
        #expect(model.state == .signedOut)
        await model.signIn(using: Authenticator())
        #expect(model.state?.isSignedIn == true)
        #expect(model.profile?.name == "Ada Lovelace")
        #expect(!model.isBusy)
        await model.signOut()
        #expect(model.state == .signedOut)
        #expect(model.profile == nil)
    }

    @available(iOS 17, macOS 14, *) @Test func seesChangesThatOthersMake() async {
        let session = Session.preview()
        let model = SessionModel(session)
        #expect(model.state?.isSignedIn == true)
        await session.signOut()
        await untilChanged { model.state == .signedOut }
        #expect(model.state == .signedOut)
    }

    @available(iOS 17, macOS 14, *) @Test func showsErrorsButNotACancelledSignIn() async {
        let error = SessionError.temporarilyUnavailable(reason: .network, retryAfter: nil, message: "m")
        let failing = SessionModel(.preview(failingWith: error))
        await failing.loadProfile()
        #expect(failing.error == error)
        failing.dismissError()
        #expect(failing.error == nil)

        let model = SessionModel(.preview(state: .signedOut))
        await model.signIn(using: Authenticator(error: SessionError.signInCancelled))
        #expect(model.error == nil)
        await model.signIn(using: Authenticator(error: CancellationError()))
        #expect(model.error == nil)
        await model.signIn(using: Authenticator(error: URLError(.unknown)))
        #expect(model.error != nil)
    }

    @available(iOS 17, macOS 14, *) @Test func loadsAProfileThatIsTooOldAndKeepsItWhereItCannot() async {
        let model = SessionModel(.preview())
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

    @available(iOS 17, macOS 14, *) @Test func renewsATokenThatIsGoodAndShowsWhyItCouldNot() async {
        let session = Session.preview()
        var events = session.events.makeAsyncIterator()
        let model = SessionModel(session)
        await model.renew()
        #expect(model.error == nil)
        guard case .renewed? = await events.next() else {
            Issue.record("nothing was renewed")
            return
        }
        let error = SessionError.temporarilyUnavailable(reason: .network, retryAfter: nil, message: "m")
        let failing = SessionModel(.preview(failingWith: error))
        await failing.renew()
        #expect(failing.error == error)
    }

    @available(iOS 17, macOS 14, *) @Test func isGoneWhenNobodyHoldsIt() async {
        let session = Session.preview()
        weak var weakly: SessionModel?
        do {
            let model = SessionModel(session)
            weakly = model
            await Task.yield()
        }
        #expect(weakly == nil)
    }

    /// Gives other tasks of the main actor their turn until `condition` holds.
    private func untilChanged(_ condition: () -> Bool) async {
        for _ in 0..<1_000_000 where !condition() { await Task.yield() }
    }
}
