import Foundation
import Pilotlight
import ServerSupport
import Testing

@testable import TerminalKit

@Suite struct VerbTests {
    @Test func aWholeLifeInATerminal() async throws {
        let server = try await IdentityServer.start()
        let folder = try TemporaryFolder()
        let terminal = TestTerminal(server: server, store: folder.file("session"))

        #expect(await terminal.run("state").out == ["signed out"])
        #expect(await terminal.run("token").code == .signInRequired)

        let signIn = await terminal.signIn()
        #expect(signIn.code == .done)
        #expect(signIn.out.first?.hasPrefix("open: \(server.issuer)authorize?") == true)
        #expect(signIn.out.contains("signed in: auth0|ada"))

        let state = await terminal.run("state", "--json")
        #expect(state.json["state"] == "signed_in")
        #expect(state.json["subject"] == "auth0|ada")
        #expect(state.json["expires_at"]?.intValue != nil)

        let token = await terminal.run("token")
        #expect(token.code == .done)
        #expect(token.out.count == 1)
        #expect(await terminal.run("token", "--json").json["access_token"]?.stringValue == token.out.first)
        let renewed = await terminal.run("token", "--force-refresh", "--min-ttl", "60", "--counters")
        #expect(renewed.code == .done)
        #expect(renewed.err.contains { $0.hasPrefix("requests: 2, without an answer: 0; renewals: 1, failed: 0") })
        #expect(renewed.out != token.out)
        #expect(try await server.counter("refresh_grants") == 1)

        let profile = await terminal.run("profile", "--json")
        #expect(profile.json["email"] == "ada@example.com")
        #expect(profile.json["email_verified"]?.boolValue != nil)
        #expect(await terminal.run("profile").out.contains("email: ada@example.com"))

        let set = await terminal.run("metadata", "set", #"{"first_name":"John","n":{"a":1},"x":null}"#, "--json")
        #expect(set.json["first_name"] == "John")
        #expect(await terminal.run("metadata", "get", "first_name", "n").out == ["first_name: John", #"n: {"a":1}"#])
        #expect(await terminal.run("metadata", "get", "--json").json["n"] == ["a": 1])

        #expect(await terminal.run("sign-out", "--json").json == ["signed_out": true, "issuer": "revoked"])
        #expect(await terminal.run("sign-out", "--json").json == ["signed_out": true, "issuer": "nothing_to_revoke"])
        #expect(await terminal.run("state", "--json").json == ["state": "signed_out"])
        await server.stop()
    }

    @Test func aRequestStepsUpWhereTheApiWantsIt() async throws {
        let server = try await IdentityServer.start()
        let folder = try TemporaryFolder()
        let terminal = TestTerminal(server: server, store: folder.file("session"))
        #expect(await terminal.signIn().code == .done)
        let secondFactor = "http://schemas.openid.net/pape/policies/2007/06/multi-factor"
        let payments = "\(server.issuer)api/payments?acr_values=\(secondFactor)"
        #expect(await terminal.run("request", "\(server.issuer)api/payments").out.first == "status: 200")
        #expect(await terminal.run("request", payments).code == .stepUpRequired)
        let steppedUp = await terminal.inBrowser(["request", payments, "--step-up"])
        #expect(steppedUp.code == .done)
        #expect(steppedUp.out.contains("status: 200"))
        #expect(await terminal.run("request", payments).out.first == "status: 200", "the next one needs no browser")
        await server.stop()
    }

    @Test func tokensAreBoundToAKeyWhereThatIsAskedFor() async throws {
        let server = try await IdentityServer.start()
        try await server.change(["dpop": "required"])
        let folder = try TemporaryFolder()
        let terminal = TestTerminal(server: server, store: folder.file("session"))
        #expect(await terminal.signIn().code == .configurationInvalid)
        let signedIn = await terminal.signIn("--dpop")
        #expect(signedIn.code == .done, "\(signedIn.err)")
        let key = await terminal.run("state", "--json").json["bound_key"]
        #expect(key != nil)
        #expect(await terminal.run("token", "--force-refresh").code == .done, "also where it is not said again")
        #expect(await terminal.run("request", "\(server.issuer)userinfo").out.first == "status: 200")
        #expect(await terminal.run("profile").code == .done)
        #expect(await terminal.run("state", "--json").json["bound_key"] == key)
        await server.stop()
    }

    @Test func aTokenComesWithASecondFactorWhereTheIssuerWantsOne() async throws {
        let server = try await IdentityServer.start()
        let folder = try TemporaryFolder()
        let terminal = TestTerminal(server: server, store: folder.file("session"))
        #expect(await terminal.signIn().code == .done)
        try await server.requireSecondFactor(of: "ada@example.com")
        #expect(await terminal.run("token", "--force-refresh").code == .mfaRequired)
        #expect(await terminal.run("token", "--force-refresh", "--otp", "000000").code == .mfaRejected)
        let renewed = await terminal.run("token", "--force-refresh", "--otp", "123456")
        #expect(renewed.code == .done)
        #expect(await terminal.run("token").out == renewed.out, "it is stored")
        await server.stop()
    }

    @Test func aTokenForAnotherAPIComesInExchange() async throws {
        let server = try await IdentityServer.start()
        let folder = try TemporaryFolder()
        let terminal = TestTerminal(server: server, store: folder.file("session"))
        let api = "https://api.example.com/"
        #expect(await terminal.run("exchange", api).code == .signInRequired)
        #expect(await terminal.signIn().code == .done)
        #expect(await terminal.run("exchange", api).code == .configurationInvalid, "the client may not do this yet")
        try await server.change(["standard_token_exchange": true])
        let exchanged = await terminal.run("exchange", api, "--json")
        #expect(exchanged.code == .done)
        let token = try #require(exchanged.json["access_token"]?.stringValue)
        let own = await terminal.run("token")
        #expect(!token.isEmpty && own.out != [token], "the session keeps its own")
        await server.stop()
    }

    @Test func theUserIsSignedInAtAWebsiteToo() async throws {
        let server = try await IdentityServer.start()
        let folder = try TemporaryFolder()
        let terminal = TestTerminal(server: server, store: folder.file("session"))
        let website = "https://www.example.com/?a=1"
        #expect(await terminal.run("website", website).code == .signInRequired)
        #expect(await terminal.signIn().code == .done)
        let open = await terminal.run("website", website)
        #expect(open.code == .done)
        #expect(open.out.first?.hasPrefix("open: \(website)&session_transfer_token=") == true)
        try await server.change(["session_transfer": false])
        #expect(await terminal.run("website", website).code == .configurationInvalid)
        await server.stop()
    }

    @Test func anotherAppSignsInWithoutItsUser() async throws {
        let server = try await IdentityServer.start()
        let folder = try TemporaryFolder()
        let terminal = TestTerminal(server: server, store: folder.file("session"))
        #expect(await terminal.signIn().code == .done)
        let none = await terminal.run("sign-in", "--of", "native-app", "--client-id", "sibling-app")
        #expect(none.code == .configurationInvalid)
        #expect(none.err.contains { $0.contains("device_sso") })
        #expect(await terminal.signIn("--scope", "openid offline_access device_sso").code == .done)
        let signedIn = await terminal.run("sign-in", "--of", "native-app", "--client-id", "sibling-app")
        #expect(signedIn.code == .done && signedIn.out.contains("signed in: auth0|ada"))
        #expect(await terminal.run("token", "--force-refresh", "--client-id", "sibling-app").code == .done)
        #expect(await terminal.run("sign-out").code == .done)
        #expect(await terminal.run("token", "--force-refresh", "--client-id", "sibling-app").code == .signInRequired)
        await server.stop()
    }

    @Test func theExitCodeSaysWhatToDo() async throws {
        let server = try await IdentityServer.start()
        let folder = try TemporaryFolder()
        let terminal = TestTerminal(server: server, store: folder.file("session"))
        #expect(await terminal.signIn("--param", "deny=access_denied").code == .signInFailed)
        #expect(await terminal.run("sign-in").code == .cancelled)
        #expect(await terminal.run("sign-in", input: { " " }).code == .cancelled)
        let pasted = await terminal.run("sign-in", input: { "code=1&state=2" })
        #expect(pasted.code == .argumentInvalid)
        #expect(pasted.err.contains { $0.contains("is not a URL") })
        #expect(await terminal.signIn().code == .done)
        #expect(await terminal.run("metadata", "set", #"{"a.b":1}"#).code == .argumentInvalid)
        #expect(await terminal.run("token", "--param", "state=x").code == .configurationInvalid)

        try await server.goOffline()
        let offline = await terminal.run("token", "--force-refresh", "--json")
        #expect(offline.code == .temporarilyUnavailable)
        #expect(offline.json["error"]?["kind"] == "temporarily_unavailable")
        #expect(offline.json["error"]?["exit_code"] == 10)
        #expect(offline.err.contains { $0.hasPrefix("  what to do: ") })
        #expect(await terminal.run("state", "--json").json["state"] == "signed_in")
        try await server.goOnline()

        try await server.revoke("ada@example.com")
        #expect(await terminal.run("token", "--force-refresh").code == .signInRequired)
        let state = await terminal.run("state", "--json")
        #expect(state.json == ["state": "reauthentication_required", "reason": "refresh_token_rejected"])

        let blocked = folder.file("blocked")
        try Data().write(to: blocked)
        let unwritable = TestTerminal(server: server, store: blocked.appendingPathComponent("session"))
        #expect(await unwritable.signIn().code == .storageFailed)
        await server.stop()
    }

    @Test func aReadOnlyTerminalOnlyLooks() async throws {
        let server = try await IdentityServer.start()
        let folder = try TemporaryFolder()
        let terminal = TestTerminal(server: server, store: folder.file("session"))
        #expect(await terminal.run("state", "--read-only").out == ["signed out"])
        #expect(await terminal.run("sign-in", "--read-only").code == .readOnly)
        #expect(await terminal.signIn().code == .done)
        let (token, looked) = (await terminal.run("token"), await terminal.run("token", "--read-only"))
        #expect(looked.out == token.out)
        #expect(await terminal.run("token", "--read-only", "--force-refresh").code == .readOnly)
        let signOut = await terminal.run("sign-out", "--read-only", "--json")
        #expect(signOut.code == .readOnly)
        #expect(await terminal.run("state", "--json").json["state"] == "signed_in")
        #expect(try await server.counter("refresh_grants") == 0)
        await server.stop()
    }

    @Test func offlineTheExpiredTokenIsThereOnRequestAndASignOutIsToldLater() async throws {
        let server = try await IdentityServer.start(["--ttl-access", "0"])
        let folder = try TemporaryFolder()
        let terminal = TestTerminal(server: server, store: folder.file("session"))
        #expect(await terminal.signIn().code == .done)
        try await server.goOffline()
        #expect(await terminal.run("token").code == .temporarilyUnavailable)
        let expired = await terminal.run("token", "--allow-expired")
        #expect(expired.code == .done)
        #expect(expired.out.first?.isEmpty == false)
        let signOut = await terminal.run("sign-out", "--json")
        #expect(signOut.json == ["signed_out": true, "issuer": "revocation_pending"])
        try await server.goOnline()
        #expect(await terminal.run("sign-out", "--json").json["issuer"] == "nothing_to_revoke")
        try await server.waitUntilSeen("revoke")
        await server.stop()
    }

    @Test func aSignInThatNobodyFinishesEndsSomeTime() async throws {
        let server = try await IdentityServer.start()
        let folder = try TemporaryFolder()
        let terminal = TestTerminal(
            server: server, store: folder.file("session"), redirectURI: "http://127.0.0.1/callback")
        #expect(await terminal.run("sign-in", "--timeout", "0.05").code == .cancelled)
        await server.stop()
    }

    @Test func theBrowserComesBackOverLoopback() async throws {
        let server = try await IdentityServer.start()
        let folder = try TemporaryFolder()
        let terminal = TestTerminal(
            server: server, store: folder.file("session"), redirectURI: "http://127.0.0.1/callback")
        let run = await terminal.run(
            ["sign-in", "--param", "sign_in_as=grace@example.com"],
            onOpen: { url in Task { try await TestBrowser.open(url) } }, input: { nil })
        #expect(run.code == .done)
        #expect(run.out.contains("signed in: auth0|grace"))
        // The port at the sign-in does not identify the session, so another call finds the session.
        #expect(await terminal.run("state", "--json").json["subject"] == "auth0|grace")
        await server.stop()
    }

    @Test func theUserSignsInOnAnotherDevice() async throws {
        let server = try await IdentityServer.start()
        try await server.change(["device_interval": 0])
        let folder = try TemporaryFolder()
        let terminal = TestTerminal(server: server, store: folder.file("session"))
        let run = await terminal.run(
            ["sign-in", "--device"],
            onOpen: { url in
                let user = URLQueryItem(name: "sign_in_as", value: "grace@example.com")
                Task { try await TestBrowser.open(url.appending(queryItems: [user])) }
            }, input: { nil })
        #expect(run.code == .done)
        #expect(run.out.first?.hasPrefix("code: ") == true)
        #expect(run.out.contains("signed in: auth0|grace"))
        #expect(await terminal.run("state", "--json").json["subject"] == "auth0|grace")
        await server.stop()
    }

    @Test func severalAccountsAndTheBrowsersSignOut() async throws {
        let server = try await IdentityServer.start()
        let folder = try TemporaryFolder()
        let terminal = TestTerminal(server: server, store: folder.file("session"))
        // The browser's URL only refers to the request.
        let pushed = await terminal.signIn("--par")
        #expect(pushed.code == .done)
        #expect(pushed.out.first?.contains("request_uri=") == true)
        #expect(pushed.out.first?.contains("code_challenge") == false)
        #expect(await terminal.signIn("--account", "work").code == .done)
        #expect(await terminal.run("token", "--lifetime", "3600", "--idle", "60").code == .done)
        #expect(await terminal.run("token", "--lifetime", "60", "--idle", "3600").code == .configurationInvalid)
        #expect(await terminal.run("token", "--idle", "soon").code == .usage)
        #expect(await terminal.run("accounts").out == ["default", "work"])
        #expect(await terminal.run("accounts", "--json").json == ["accounts": ["default", "work"]])

        let pages = Lines()
        let signOut = await terminal.run(
            ["sign-out", "--browser", "--account", "work"], onOpen: { pages.append($0.absoluteString) },
            input: { IdentityServer.redirectURI })
        #expect(signOut.code == .done)
        #expect(signOut.out.last == "signed out in the browser")
        #expect(pages.all.first?.hasPrefix("\(server.issuer)v2/logout?") == true)
        #expect(await terminal.run("state", "--account", "work").out == ["signed out"])
        #expect(await terminal.run("state").out.first == "signed in: auth0|ada")
        // The browser never returns, but the session has ended on the device anyway.
        #expect(await terminal.run("sign-out", "--browser").code == .cancelled)
        #expect(await terminal.run("state").out == ["signed out"])
        #expect(await terminal.run("accounts").out.isEmpty)
        await server.stop()
    }

    @Test func noTokenIsInWhatTheTerminalSaysOnTheWay() async throws {
        let server = try await IdentityServer.start()
        let folder = try TemporaryFolder()
        let terminal = TestTerminal(server: server, store: folder.file("session"))
        let signIn = await terminal.signIn("--verbose")
        #expect(signIn.err.count > 2)
        let token = try #require(await terminal.run("token").out.first)
        let renewal = await terminal.run("token", "--force-refresh", "--verbose")
        let renewed = try #require(renewal.out.first)
        for secret in [token, renewed, "ada@example.com"] {
            #expect(!(signIn.err + renewal.err + signIn.out).contains { $0.contains(secret) })
        }
        await server.stop()
    }
}
