import Foundation
import IdentityServerSupport
import Pilotlight

/// Measures what a valid token costs and what it costs to wait for one, compared with what an app would write itself: an actor
/// that keeps a token and checks its expiry.
///
/// It needs the identity server, as the tests do, for a session with a real token. Build it and the core with
/// optimisation; `--batches`, `--calls`, `--callers` and `--rounds` change how much is measured.
@main
enum Bench {
    static func main() async throws {
        if try Opening.isThisProcess() { return }
        try Opening.measure()
        let plan = Plan(CommandLine.arguments)
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession(audience: "https://api.example.com/")
        let token = try await session.accessToken()
        let keeper = TokenKeeper(token, expires: Date(timeIntervalSinceNow: 3600))
        print("\(plan.batches) batches of \(plan.calls) calls; medians; a token of \(token.utf8.count) bytes\n")
        let off = try await offMain(plan, session, keeper)
        let on = try await onMain(plan, session, keeper)
        Report(title: "off the main actor", times: off).show()
        Report(title: "on the main actor", times: on).show()
        try await Callers.compare(plan, server)
        await session.signOut()
        await server.stop()
    }

    nonisolated static func offMain(_ plan: Plan, _ session: Session, _ keeper: TokenKeeper) async throws -> Times {
        var batches = Batches()
        for _ in 0..<plan.batches {
            batches.cached.append(measure(plan.calls) { _ = session.cachedAccessToken() })
            batches.asynchronous.append(try await measure(plan.calls) { _ = try await session.accessToken() })
            batches.keeper.append(try await measure(plan.calls) { _ = await keeper.token() })
        }
        return batches.medians
    }

    @MainActor static func onMain(_ plan: Plan, _ session: Session, _ keeper: TokenKeeper) async throws -> Times {
        var batches = Batches()
        // A hop costs far more here, so fewer of them are enough.
        let calls = max(1, plan.calls / 20)
        for _ in 0..<plan.batches {
            batches.cached.append(measure(calls) { _ = session.cachedAccessToken() })
            batches.asynchronous.append(
                try await measureOnMain(calls) { @MainActor in _ = try await session.accessToken() })
            batches.keeper.append(try await measureOnMain(calls) { @MainActor in _ = await keeper.token() })
        }
        return batches.medians
    }

    private static func measure(_ calls: Int, _ call: () -> Void) -> Double {
        let start = now()
        for _ in 0..<calls { call() }
        return (now() - start) / Double(calls)
    }

    private nonisolated static func measure(_ calls: Int, _ call: () async throws -> Void) async throws -> Double {
        let start = now()
        for _ in 0..<calls { try await call() }
        return (now() - start) / Double(calls)
    }

    @MainActor private static func measureOnMain(
        _ calls: Int, _ call: @MainActor () async throws -> Void
    ) async throws -> Double {
        let start = now()
        for _ in 0..<calls { try await call() }
        return (now() - start) / Double(calls)
    }

    private static func now() -> Double {
        Double(DispatchTime.now().uptimeNanoseconds)
    }
}

/// What an app would write itself: an actor with the token and its expiry.
actor TokenKeeper {
    private var kept: String
    private var expires: Date

    init(_ token: String, expires: Date) {
        kept = token
        self.expires = expires
    }

    @inline(never)
    func token() -> String? {
        expires > Date() ? kept : nil
    }

    /// Never called. It exists so that the compiler cannot treat the token as a constant.
    @inline(never)
    func renew(_ token: String, expires: Date) {
        kept = token
        self.expires = expires
    }
}
