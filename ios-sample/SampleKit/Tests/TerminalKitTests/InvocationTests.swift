import Foundation
import Pilotlight
import SampleKit
import Testing

@testable import TerminalKit

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

@Suite struct InvocationTests {
    private static let environment = [
        "PILOTLIGHT_DOMAIN": "d.auth0.com", "PILOTLIGHT_CLIENT_ID": "c", "HOME": "/somewhere",
    ]

    private func verb(_ words: String...) throws -> Invocation.Verb {
        try Invocation(words, environment: Self.environment).verb
    }

    @Test func everyVerbIsUnderstood() throws {
        #expect(try verb("sign-in") == .signIn(timeout: 300))
        #expect(try verb("sign-in", "--timeout", "5") == .signIn(timeout: 5))
        #expect(try verb("state") == .state)
        #expect(try verb("token") == .token(minTTL: 0, forceRefresh: false, allowExpired: false, otp: nil))
        #expect(
            try verb("--force-refresh", "token", "--min-ttl=60")
                == .token(minTTL: 60, forceRefresh: true, allowExpired: false, otp: nil))
        #expect(
            try verb("token", "--allow-expired", "--otp", "1")
                == .token(minTTL: 0, forceRefresh: false, allowExpired: true, otp: "1"))
        #expect(try verb("sign-in", "--of", "app-1") == .signInAsInAnotherApp(clientID: "app-1"))
        #expect(try verb("exchange", "https://a/") == .exchange(audience: "https://a/", type: nil))
        #expect(try verb("exchange", "b", "--as", "urn:c") == .exchange(audience: "b", type: "urn:c"))
        #expect(
            try verb("request", "https://a/b", "--step-up")
                == .request(try #require(URL(string: "https://a/b")), stepUp: true, timeout: 300))
        #expect(try verb("website", "https://a/b") == .website(try #require(URL(string: "https://a/b"))))
        #expect(try verb("profile", "--refresh") == .profile(refresh: true))
        #expect(try verb("metadata", "get") == .metadataGet([]))
        #expect(try verb("metadata", "get", "a", "b") == .metadataGet(["a", "b"]))
        #expect(try verb("metadata", "set", #"{"a":null}"#) == .metadataSet(["a": nil]))
        #expect(try verb("sign-out") == .signOut(ofBrowser: false))
        #expect(try verb("sign-out", "--browser") == .signOut(ofBrowser: true))
        #expect(try verb("accounts") == .accounts)
    }

    @Test(arguments: [
        [], ["nonsense"], ["state", "extra"], ["metadata"], ["metadata", "set"], ["metadata", "set", "[]"],
        ["metadata", "set", "{}", "x"], ["token", "--min-ttl", "soon"], ["token", "--min-ttl", "-1"],
        ["sign-in", "--timeout", "nan"], ["token", "--unknown"], ["request"], ["request", "a b"],
        ["exchange"], ["exchange", "a", "b"], ["website"], ["website", "no url"],
    ]) func nonsenseIsRefused(words: [String]) async {
        #expect(throws: UsageError.self) { try Invocation(words, environment: Self.environment) }
        let err = Lines()
        let console = Console(readLine: { nil }, out: { _ in }, err: { err.append($0) })
        let code = await Terminal(arguments: words, environment: Self.environment, console: console).run()
        #expect(code == .usage)
        #expect(err.all.contains { $0.contains("--help") })
    }

    @Test func theStoreIsTheFlagElseTheVariableElseInTheHomeFolder() throws {
        func store(_ words: [String], _ more: [String: String] = [:]) throws -> String {
            try Invocation(words, environment: Self.environment.merging(more) { $1 }).store.path
        }
        #expect(try store(["state", "--store", "/a"], ["PILOTLIGHT_STORE": "/b"]) == "/a")
        #expect(try store(["state"], ["PILOTLIGHT_STORE": "/b"]) == "/b")
        #expect(try store(["state"]) == "/somewhere/.local/state/pilotlight/session")
    }

    @Test func helpNeedsNothingAndListsEverything() async {
        let out = Lines()
        let console = Console(readLine: { nil }, out: { out.append($0) }, err: { _ in })
        #expect(await Terminal(arguments: ["--help"], environment: [:], console: console).run() == .done)
        let text = out.all.joined(separator: "\n")
        for flag in SessionSettings.flags.map(\.name) + SessionSettings.switches.map(\.name) {
            #expect(text.contains("--\(flag)"))
        }
        for word in [
            "sign-in", "sign-out", "request URL", "accounts", "--account", "--browser", "--par", "metadata get",
            "metadata set",
            "--store", "--read-only", "--json", "--min-ttl",
            "--allow-expired", "--otp",
        ] {
            #expect(text.contains(word))
        }
        for code in ExitCode.allCases {
            #expect(text.contains("\n  \(code.rawValue) "))
            #expect(text.contains(code.help))
        }
    }

    @Test func everyErrorHasItsCode() {
        let request = URLRequest(url: URL(fileURLWithPath: "/"))
        let stepUp = StepUpChallenge(StepUpRequirement(), request: request)
        let codes: [(any Error, Int32)] = [
            (SessionError.temporarilyUnavailable(reason: .network, retryAfter: nil, message: ""), 10),
            (SessionError.deviceLocked(message: ""), 11),
            (SessionError.signInRequired(reason: .signedOut, message: ""), 12),
            (SessionError.signInFailed(code: "x", message: ""), 13),
            (SessionError.signInCancelled, 14),
            (CancellationError(), 14),
            (SessionError.configurationInvalid(field: "x", message: ""), 15),
            (SessionError.argumentInvalid(argument: "x", message: ""), 16),
            (SessionError.storageFailed(status: nil, message: ""), 17),
            (SessionError.internalFault(message: ""), 18),
            (SessionError.userAuthenticationFailed(reason: .cancelled, message: ""), 19),
            (SessionError.userAuthenticationFailed(reason: .failed, message: ""), 19),
            (SessionError.readOnly(message: ""), 20),
            (SessionError.stepUpRequired(stepUp, message: ""), 21),
            (SessionError.mfaRequired(MFAChallenge(), message: ""), 22),
            (SessionError.mfaRejected(code: "c", message: ""), 23),
            (URLError(.unknown), 18),
        ]
        for (error, code) in codes { #expect(ExitCode(error).rawValue == code) }
        #expect(Set(ExitCode.allCases.map(\.rawValue)).count == ExitCode.allCases.count)
        #expect(ExitCode.done.rawValue == 0)
        #expect(ExitCode.usage.rawValue == 2)
    }
}
