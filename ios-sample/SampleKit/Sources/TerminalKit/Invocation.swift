import Foundation
import Pilotlight
import SampleKit

/// The parsed command: the verb and its options.
struct Invocation: Sendable {
    enum Verb: Equatable, Sendable {
        case help
        case signIn(timeout: TimeInterval)
        case signInOnAnotherDevice(timeout: TimeInterval)
        case signInAsInAnotherApp(clientID: String)
        case state
        case token(minTTL: TimeInterval, forceRefresh: Bool, allowExpired: Bool, otp: String?)
        case exchange(audience: String, type: String?)
        case request(URL, stepUp: Bool, timeout: TimeInterval)
        case website(URL)
        case profile(refresh: Bool)
        case metadataGet([String])
        case metadataSet([String: SessionJSON])
        case signOut(ofBrowser: Bool)
        case accounts
    }

    static let sessionFlags = [
        ("--store FILE", "where the session is kept, not encrypted; default: ~/.local/state/pilotlight/session"),
        ("--account NAME", "one of several users, each with a named session; default: default"),
        ("--read-only", "only look, as a widget does: never renew, sign in or out, or write"),
    ]
    static let otherFlags = [
        ("--min-ttl SECONDS", "token: how long it must still be valid"),
        ("--force-refresh", "token: renew even a valid one"),
        ("--allow-expired", "token: the expired one, if it cannot be renewed now"),
        ("--otp CODE", "token: the code of the user's authenticator app, if the issuer requires a second factor"),
        ("--as TYPE", "exchange: the type of token that the access token is shown as, a URI"),
        ("--step-up", "request: sign in again if the API requires it, and repeat the request"),
        ("--refresh", "profile: fetch it again"),
        ("--device", "sign-in: on another device, with a code that is printed"),
        ("--of CLIENT_ID", "sign-in: as in the app with this client ID, whose session is in the same store"),
        ("--browser", "sign-out: also at the issuer's page in the browser, which returns as after a sign-in"),
        ("--timeout SECONDS", "sign-in, request: how long to wait for the browser; default: 300"),
        ("--json", "print answers as JSON on stdout, one object per line"),
        ("--counters", "print on stderr, at the end, what the session did (requests, renewals, retries, waits)"),
        ("--verbose", "print each step on stderr"),
        ("--help", "print this"),
    ]

    /// Whether the user may be sent to a browser.
    var opensBrowser: Bool {
        switch verb {
        case .signIn, .request(_, stepUp: true, _), .signOut(ofBrowser: true): true
        default: false
        }
    }

    var verb: Verb
    var settings: SessionSettings?
    var store: URL
    var account: String
    var readOnly: Bool
    var json: Bool
    var verbose: Bool
    var counters: Bool

    /// Reads a command line, without the program's name.
    ///
    /// - Throws: `UsageError`.
    init(_ arguments: [String], environment: [String: String]) throws {
        let scanner = try ArgumentScanner(
            arguments,
            flags: Set(SessionSettings.flags.map(\.name)).union([
                "store", "account", "as", "of", "min-ttl", "otp", "timeout",
            ]
            ),
            switches: Set(SessionSettings.switches.map(\.name))
                .union([
                    "device", "read-only", "force-refresh", "allow-expired", "step-up", "refresh", "browser", "json",
                    "counters", "verbose", "help",
                ]))
        readOnly = scanner.switches.contains("read-only")
        json = scanner.switches.contains("json")
        verbose = scanner.switches.contains("verbose")
        counters = scanner.switches.contains("counters")
        store = Self.store(try scanner.value("store"), environment: environment)
        account = try scanner.value("account") ?? "default"
        verb = scanner.switches.contains("help") ? .help : try Self.verb(scanner)
        settings = verb == .help ? nil : try SessionSettings(scanner, environment: environment)
    }

    private static func verb(_ scanner: ArgumentScanner) throws -> Verb {
        let words = scanner.words
        switch (words.first, words.dropFirst().first) {
        case ("sign-in", nil):
            if let clientID = try scanner.value("of") { return .signInAsInAnotherApp(clientID: clientID) }
            let timeout = try seconds("timeout", in: scanner) ?? 300
            return scanner.switches.contains("device")
                ? .signInOnAnotherDevice(timeout: timeout) : .signIn(timeout: timeout)
        case ("state", nil):
            return .state
        case ("token", nil):
            return .token(
                minTTL: try seconds("min-ttl", in: scanner) ?? 0,
                forceRefresh: scanner.switches.contains("force-refresh"),
                allowExpired: scanner.switches.contains("allow-expired"), otp: try scanner.value("otp"))
        case ("exchange", let audience?) where words.count == 2:
            return .exchange(audience: audience, type: try scanner.value("as"))
        case ("request", let address?) where words.count == 2:
            return .request(
                try url(address, for: "request"), stepUp: scanner.switches.contains("step-up"),
                timeout: try seconds("timeout", in: scanner) ?? 300)
        case ("website", let address?) where words.count == 2:
            return .website(try url(address, for: "website"))
        case ("profile", nil):
            return .profile(refresh: scanner.switches.contains("refresh"))
        case ("metadata", "get"):
            return .metadataGet(Array(words.dropFirst(2)))
        case ("metadata", "set") where words.count == 3:
            return .metadataSet(try object(words[2]))
        case ("metadata", _):
            throw UsageError("metadata get [FIELD…] or metadata set JSON")
        case ("sign-out", nil):
            return .signOut(ofBrowser: scanner.switches.contains("browser"))
        case ("accounts", nil):
            return .accounts
        case (nil, _):
            throw UsageError(
                "what to do? One of: sign-in state token exchange request website profile metadata sign-out accounts")
        case (let word?, _):
            throw UsageError("\"\(word)\" is no verb, or has a word too many after it")
        }
    }

    private static func url(_ text: String, for verb: String) throws -> URL {
        guard let url = URL(string: text), url.scheme != nil else { throw UsageError("\(verb) needs a URL") }
        return url
    }

    private static func seconds(_ flag: String, in scanner: ArgumentScanner) throws -> TimeInterval? {
        guard let text = try scanner.value(flag) else { return nil }
        guard let seconds = TimeInterval(text), seconds >= 0, seconds <= 1e9 else {
            throw UsageError("--\(flag) needs a number of seconds")
        }
        return seconds
    }

    private static func object(_ text: String) throws -> [String: SessionJSON] {
        guard let object = try? JSONDecoder().decode([String: SessionJSON].self, from: Data(text.utf8)) else {
            throw UsageError("metadata set needs a JSON object, such as '{\"country\":\"USA\"}'")
        }
        return object
    }

    private static func store(_ flag: String?, environment: [String: String]) -> URL {
        if let path = flag ?? environment["PILOTLIGHT_STORE"] { return URL(fileURLWithPath: path) }
        let home = URL(fileURLWithPath: environment["HOME"] ?? NSHomeDirectory())
        return home.appendingPathComponent(".local/state/pilotlight/session")
    }
}
