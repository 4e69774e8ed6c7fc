import SampleKit

/// The text that `--help` prints.
enum Help {
    static let text = """
        Signs a user in and works with the session, in a terminal.

        usage: pilotlight-terminal VERB [FLAGS]

          sign-in               prints "open: URL"; open it in a browser. With an http redirect URI on a loopback host the
                                program waits there for the browser, on the URI's port or on a free one; otherwise paste
                                the URL that the browser was sent to
          sign-in --device      prints a code and "open: URL", for another device, and waits until the code is entered there
          sign-in --of CLIENT_ID
                                as in the app with this client ID, without a browser: its session is in the same store and
                                began with the scope device_sso
          state                 who is signed in, and how long the access token is valid
          token                 the access token, renewed if necessary
          exchange AUDIENCE     an access token for another API, in exchange for the session's own (RFC 8693)
          request URL           a GET with the access token; prints the status and the body
          website URL           prints "open: URL" with a token that signs the user in to that website, once, within a minute
                                (Auth0: Native to Web SSO)
          profile               the user's profile
          metadata get [FIELD…] the user's metadata at Auth0, or only these fields
          metadata set JSON     changes it: merged at the first level, null deletes a field, {} changes nothing
          sign-out              deletes the session here and revokes it at the issuer
          accounts              the names of the stored sessions, for --account

        Settings (each also as an environment variable: PILOTLIGHT_CLIENT_ID for --client-id, and so on):
        \(lines(SessionSettings.flags.map { ("--\($0.name) \($0.value)", $0.help) }))
        \(lines(SessionSettings.switches.map { ("--\($0.name)", $0.help) }))
        \(lines(Invocation.sessionFlags))

        Options:
        \(lines(Invocation.otherFlags))

        Exit codes:
        \(lines(ExitCode.allCases.map { ("\($0.rawValue)", $0.help) }))
        """

    private static func lines(_ rows: [(String, String)]) -> String {
        rows.map { "  " + $0.padding(to: 24) + " " + $1 }.joined(separator: "\n")
    }
}

extension String {
    fileprivate func padding(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
