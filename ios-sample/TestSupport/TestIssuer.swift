import Foundation

/// The identity server that the tests use, on the Mac that runs the simulator. `scripts/run-sample.sh --test`
/// starts it and passes its address: `xcodebuild` passes `TEST_RUNNER_PILOTLIGHT_ISSUER` on to the tests as
/// `PILOTLIGHT_ISSUER`.
///
/// App Transport Security lets these tests use plain `http`. Tests in the app have the app's `NSAllowsLocalNetworking`. The
/// runner of UI tests is a copy of Xcode's `XCTRunner.app`, whose Info.plist no target adds to; it has `NSAllowsArbitraryLoads`,
/// as a device reports it (alibaba/tidevice, `_installation.py`, the answer for an `.xctrunner`).
struct TestIssuer: Sendable {
    /// `http://127.0.0.1:PORT/`
    let url: URL

    static let clientID = "native-app"
    static let otherClientID = "sibling-app"
    static let redirectURI = "com.example.pilotlight://callback"
    static let email = "ada@example.com"

    /// The server of this run.
    static func ofThisRun() throws -> TestIssuer {
        let variable = "PILOTLIGHT_ISSUER"
        guard let url = ProcessInfo.processInfo.environment[variable].flatMap({ URL(string: $0) }) else {
            throw TestFault("\(variable) is not set: run the tests by scripts/run-sample.sh --test")
        }
        return TestIssuer(url: url)
    }

    /// Uses one of the server's controls, which testing/identity-server/README.md lists.
    @discardableResult
    func control(_ method: String, _ path: String, json: String? = nil) async throws -> Data {
        guard let target = URL(string: "_control/\(path)", relativeTo: url) else { throw TestFault("no URL: \(path)") }
        var request = URLRequest(url: target)
        request.httpMethod = method
        request.httpBody = json.map { Data($0.utf8) }
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        let (answer, response) = try await URLSession.shared.data(for: request)
        guard let status = (response as? HTTPURLResponse)?.statusCode, (200..<300).contains(status) else {
            throw TestFault("\(method) \(path): \(String(decoding: answer, as: UTF8.self))")
        }
        return answer
    }

    /// Enters a code as the user does on the other device.
    func enter(_ code: String) async throws {
        let page = URL(string: "activate?user_code=\(code)&sign_in_as=\(Self.email)", relativeTo: url)
        guard let page else { throw TestFault("no URL for \(code)") }
        _ = try await URLSession.shared.data(from: page)
    }

    /// A user's `user_metadata` as the server has it.
    func metadata(of email: String = email) async throws -> [String: Field] {
        try JSONDecoder().decode([String: Field].self, from: try await control("GET", "users/\(email)/metadata"))
    }

    /// A value that the tests put into metadata.
    enum Field: Decodable, Equatable {
        case text(String)
        case flag(Bool)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let flag = try? container.decode(Bool.self) {
                self = .flag(flag)
            } else {
                self = .text(try container.decode(String.self))
            }
        }
    }
}

/// An error because of which a test cannot continue.
struct TestFault: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
