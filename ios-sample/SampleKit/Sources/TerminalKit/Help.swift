import SampleKit

/// What `--help` prints.
enum Help {
    static let text = """
        Signs a user in and works with the session, in a terminal.

        usage: pilotlight-terminal VERB [FLAGS]

          sign-in               prints "open: URL"; open it in a browser. With an http redirect URI on a loopback host the
                                browser's return is awaited there, on the port of the URI or on a free one put in;
                                else paste the URL that the browser was sent to
          sign-in --device      prints a code and "open: URL", for another device, and waits until it was entered there
          state                 who is signed in, and until when the access token is good
          token                 the access token, renewed where needed
          request URL           a GET with the access token; prints the status and what comes
          profile               the user's profile
          metadata get [FIELD…] the user's metadata at Auth0, or only these fields
          metadata set JSON     changes it: merged at the first level, null deletes a field, {} deletes everything
          sign-out              forgets the session here and revokes it at the issuer
          accounts              the names of the sessions that are kept, for --account

        Which session (or by environment variable, PILOTLIGHT_CLIENT_ID for --client-id and so on):
        \(lines(SessionSettings.flags.map { ("--\($0.name) \($0.value)", $0.help) }))
        \(lines(SessionSettings.switches.map { ("--\($0.name)", $0.help) }))
        \(lines(Invocation.sessionFlags))

        How:
        \(lines(Invocation.otherFlags))

        Ends with:
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
