import Foundation
import IdentityServerSupport
import Pilotlight
import Testing

/// A policy about the user on this device applies to the session, whichever object an app uses.
@Suite struct UserAuthenticationTests {
    /// The owner of the device, who is absent at first.
    private actor Owner: UserAuthenticator {
        private var isThere = false
        private(set) var asked = 0

        func come() { isThere = true }

        func authenticate(reason: String) async throws {
            asked += 1
            guard isThere else {
                throw SessionError.userAuthenticationFailed(reason: .failed, message: "not the owner")
            }
        }
    }

    @Test func anotherHandleToTheSessionIsNoWayAround() async throws {
        let server = try await IdentityServer.start()
        let folder = try TemporaryFolder()
        let owner = Owner()
        let configuration = server.auth0()
        let open = { (policy: UserAuthenticationPolicy?, name: String) in
            try Session(
                configuration, storage: .file(folder.file("session")), name: name, log: .none,
                userAuthentication: policy)
        }
        let before = try open(nil, "default")
        try await before.signIn(using: TestBrowser())
        _ = try await before.profile()
        #expect(before.cachedAccessToken() != nil && before.cachedProfile != nil)

        var guarded: Session? = try open(.atLaunch(reason: "r", authenticator: owner), "default")
        let after = try open(nil, "default")
        #expect(guarded?.isUserAuthenticationRequired == true)
        for handle in [before, after] {
            #expect(handle.isUserAuthenticationRequired)
            #expect(handle.cachedAccessToken() == nil && handle.cachedProfile == nil)
            await #expect(throws: SessionError.userAuthenticationFailed(reason: .failed, message: "not the owner")) {
                try await handle.accessToken()
            }
        }
        // The policy does not end with the object that added it.
        guarded = nil
        #expect(before.isUserAuthenticationRequired && after.isUserAuthenticationRequired)
        let another = try open(nil, "another")
        #expect(!another.isUserAuthenticationRequired)

        await owner.come()
        _ = try await before.accessToken()
        #expect(after.cachedAccessToken() != nil && after.cachedProfile != nil)
        #expect(await owner.asked == 3)
        await after.signOut()
        #expect(before.isUserAuthenticationRequired)
        try await before.signIn(using: TestBrowser())
        #expect(after.cachedAccessToken() != nil)
        #expect(await owner.asked == 3)
        await server.stop()
    }

    /// Returns a function that opens handles to a session without a signed-in user.
    private func opening() throws -> @Sendable (UserAuthenticationPolicy?) throws -> Session {
        let folder = try TemporaryFolder()
        let configuration = SessionConfiguration.auth0(
            domain: "tenant.example.com", clientID: "native-app", redirectURI: "com.example.app://callback")
        return { policy in
            try Session(configuration, storage: .file(folder.file("session")), log: .none, userAuthentication: policy)
        }
    }

    @Test func aPolicyEndsWithTheLastHandleThoughOthersComeAndGoAtTheSameTime() throws {
        let open = try opening()
        DispatchQueue.concurrentPerform(iterations: 300) { _ in
            #expect(throws: Never.self) {
                let guarded = try open(.atLaunch(reason: "r", authenticator: Owner()))
                #expect(try open(nil).isUserAuthenticationRequired)
                withExtendedLifetime(guarded) {}
            }
        }
        #expect(try !open(nil).isUserAuthenticationRequired)
    }

    @Test func onlyTheFirstHandlesPolicyOutlivesIt() throws {
        let open = try opening()
        let handle = try open(nil)
        weak var (first, later): (Owner?, Owner?)
        do {
            let owners = [Owner(), Owner()]
            (first, later) = (owners[0], owners[1])
            for owner in owners { _ = try open(.atLaunch(reason: "r", authenticator: owner)) }
        }
        #expect(handle.isUserAuthenticationRequired)
        #expect(first != nil && later == nil)
    }
}
