import Foundation
import Pilotlight

/// A separate identity server on a free port: the program that `PILOTLIGHT_IDENTITY_SERVER` names.
///
/// It ends with `stop()`, with this object, and with this process. A test that still has it after ten minutes waits for something
/// that never happens: the test process then crashes with a message that says where the server was started.
public final class IdentityServer: @unchecked Sendable {
    /// `http://127.0.0.1:PORT/`
    public let issuer: String
    private let control: ControlClient
    private let process: Process
    private let input: Pipe
    private let exited: AsyncStream<Never>
    /// Held while a server is started: a program that starts while another one is being prepared would inherit the other's pipes
    /// and keep them open.
    private static let beginning = NSLock()
    /// In seconds. No test takes a tenth of this time.
    private static let longestLife = 600.0

    /// Starts a server.
    ///
    /// - Parameter flags: See the program's `--help`.
    public static func start(
        _ flags: [String] = [], file: String = #fileID, line: Int = #line
    ) async throws -> IdentityServer {
        let name = "PILOTLIGHT_IDENTITY_SERVER"
        guard let path = ProcessInfo.processInfo.environment[name], !path.isEmpty else {
            throw SupportError(
                "\(name) is not set: build the identity server (cargo build -p pilotlight-identity-server) and set it to "
                    + "the program's path, as scripts/test.sh does")
        }
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw SupportError("\(name) names \(path), which is no program")
        }
        let server = try await IdentityServer(path, flags)
        // A separate queue has a thread even if all threads of Swift's tasks are in use.
        DispatchQueue(label: "identity server").asyncAfter(deadline: .now() + longestLife) { [weak server] in
            guard let server, server.process.isRunning else { return }
            fatalError("\(file):\(line): the test has not ended within \(Int(longestLife)) seconds")
        }
        return server
    }

    private init(_ path: String, _ flags: [String]) async throws {
        process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = ["--until-stdin-closes"] + flags
        let exit: AsyncStream<Never>.Continuation
        (exited, exit) = AsyncStream.makeStream(of: Never.self)
        process.terminationHandler = { _ in exit.finish() }
        let output: Pipe
        (input, output) = try Self.begin(process)
        let words = try await Self.firstLines(of: output)
        guard let issuer = words["listening"], let url = words["control"].flatMap(URL.init(string:)) else {
            process.terminate()
            throw SupportError("the identity server did not say where it listens")
        }
        self.issuer = issuer
        control = ControlClient(url)
    }

    private static func begin(_ process: Process) throws -> (input: Pipe, output: Pipe) {
        beginning.lock()
        defer { beginning.unlock() }
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        return (input, output)
    }

    deinit {
        if process.isRunning { process.terminate() }
    }

    /// The process identifier of the server.
    public var processIdentifier: Int32 { process.processIdentifier }

    /// Stops the server and waits until its process has ended. It does not block a thread, because Swift's tasks have few
    /// threads, and what it waits for may need the others.
    public func stop() async {
        _ = try? await control.send("POST", "shutdown")
        for await _ in exited {}
    }

    /// The two lines that the server prints when it is ready: `listening: URL` and `control: URL`.
    private static func firstLines(of output: Pipe) async throws -> [String: String] {
        let file = output.fileHandleForReading
        let text = await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                var text = Data()
                while text.filter({ $0 == UInt8(ascii: "\n") }).count < 2 {
                    let more = file.availableData
                    if more.isEmpty { break }
                    text += more
                }
                continuation.resume(returning: String(decoding: text, as: UTF8.self))
            }
        }
        let lines = text.split(separator: "\n").map { $0.split(separator: " ", maxSplits: 1) }
        return Dictionary(lines.filter { $0.count == 2 }.map { (String($0[0].dropLast()), String($0[1])) }) { $1 }
    }
}

/// An error because of which a test cannot continue.
public struct SupportError: Error, CustomStringConvertible {
    /// The reason.
    public let description: String

    /// Creates an error with its reason.
    public init(_ description: String) {
        self.description = description
    }
}

extension IdentityServer {
    /// The server's counters: `refresh_grants`, `code_grants_honoured`, `families_revoked` …
    public func counter(_ name: String) async throws -> Int {
        let counters = try await control.send("GET", "counters")
        guard let count = counters[name]?.intValue else { throw SupportError("there is no counter \(name)") }
        return count
    }

    /// How many requests an endpoint has seen: `token`, `userinfo`, `users` …
    public func requests(to endpoint: String) async throws -> Int {
        try await control.send("GET", "counters")["requests"]?[endpoint]?.intValue ?? 0
    }

    /// Adds a fault to an endpoint. It occurs once, unless it says otherwise.
    public func addFault(_ endpoint: String, _ effect: SessionJSON, _ more: [String: SessionJSON] = [:]) async throws {
        var order = more
        order["endpoint"] = .string(endpoint)
        order["effect"] = effect
        try await control.send("POST", "faults", .object(order))
    }

    /// Removes all faults that have not occurred yet.
    public func clearFaults() async throws {
        try await control.send("DELETE", "faults")
    }

    /// Waits until the server holds `count` requests because of a fault of the kind `hold`.
    public func waitUntilHeld(_ endpoint: String, _ count: Int = 1) async throws {
        try await control.send("GET", "wait?endpoint=\(endpoint)&held=\(count)")
    }

    /// Waits until the server has seen `count` requests.
    public func waitUntilSeen(_ endpoint: String, _ count: Int = 1) async throws {
        try await control.send("GET", "wait?endpoint=\(endpoint)&requests=\(count)")
    }

    /// Lets held requests continue.
    public func release(_ endpoint: String) async throws {
        try await control.send("POST", "release", ["endpoint": .string(endpoint)])
    }

    /// Revokes all of a user's refresh tokens.
    public func revoke(_ email: String) async throws {
        try await control.send("POST", "users/\(email)/revoke")
    }

    /// Sets whether the user's renewals need a second factor. Every code is `123456`.
    public func requireSecondFactor(of email: String, _ isRequired: Bool = true) async throws {
        try await control.send("PATCH", "users/\(email)", ["mfa_required": .bool(isRequired)])
    }

    /// The user's recovery code.
    public func recoveryCode(of email: String) async throws -> String {
        guard let code = try await control.send("GET", "users/\(email)")["recovery_code"]?.stringValue else {
            throw SupportError("the user has no recovery code")
        }
        return code
    }

    /// The user's metadata as the server has it.
    public func metadata(of email: String) async throws -> SessionJSON {
        try await control.send("GET", "users/\(email)/metadata")
    }

    /// Replaces a user's metadata.
    public func setMetadata(of email: String, _ metadata: SessionJSON) async throws {
        try await control.send("PUT", "users/\(email)/metadata", metadata)
    }

    /// Changes settings, such as `access_token_lifetime`.
    public func change(_ settings: SessionJSON) async throws {
        try await control.send("PATCH", "settings", settings)
    }

    /// Advances the server's clock.
    public func advance(seconds: Int64) async throws {
        try await control.send("POST", "clock", ["advance_seconds": .integer(seconds)])
    }

    /// Refuses connections from now on.
    public func goOffline() async throws {
        try await control.send("POST", "offline")
    }

    /// Listens again on the same port.
    public func goOnline() async throws {
        try await control.send("POST", "online")
    }
}
