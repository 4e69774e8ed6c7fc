import Foundation
internal import PilotlightCore

extension Session {
    /// A session for SwiftUI previews and for tests of an app: it lives in memory, sends nothing and behaves like a
    /// real one. Signing in and out changes its state and publishes events, metadata can be changed, and the Rust core
    /// is not used at all.
    ///
    /// - Parameters:
    ///   - state: The initial state; nil means that the session must still be restored, to `.signedOut`.
    ///   - profile: What ``profile(refresh:)`` returns while a user is signed in.
    ///   - metadata: What ``metadata`` contains.
    ///   - waiting: Metadata changes that wait for the network; while `error` is a `temporarilyUnavailable`, further changes
    ///     wait too.
    ///   - accessToken: What ``accessToken(minTTL:forceRefresh:allowExpired:)`` returns while a user is
    ///     signed in.
    ///   - error: The error that every call that can fail throws, to see how the app shows it; nil lets the calls succeed. With
    ///     `mfaRequired` the user has the factors of its challenge, and calls succeed after ``verify(_:for:)``.
    public static func preview(
        state: SessionState? = .signedIn(subject: "preview|1", expiresAt: .distantFuture),
        profile: SessionProfile = .preview(), metadata: [String: SessionJSON] = [:],
        waiting: [[String: SessionJSON]] = [], accessToken: String = "preview-access-token",
        failingWith error: SessionError? = nil
    ) -> Session {
        let configuration = SessionConfiguration.openIDConnect(
            issuer: "https://preview.invalid", clientID: "preview", redirectURI: "pilotlight-preview://callback")
        let broadcaster = SessionBroadcaster()
        var contents = PreviewCore.Contents(
            state: state, profile: profile, metadata: metadata, accessToken: accessToken, error: error)
        for changes in waiting {
            _ = contents.wait((try? JSONText.text(of: changes, argument: "waiting")) ?? "{}")
        }
        let core = PreviewCore(contents: contents, broadcaster: broadcaster)
        return Session(configuration: configuration, core: core, broadcaster: broadcaster)
    }
}

extension SessionProfile {
    /// A profile for previews and tests, from a few claims.
    public static func preview(
        subject: String = "preview|1", name: String? = "Ada Lovelace", email: String? = "ada@example.com",
        picture: String? = nil, otherClaims: [String: SessionJSON] = [:]
    ) -> SessionProfile {
        SessionProfile(
            PilotlightCore.UserProfile(
                subject: subject, name: name, picture: picture, email: email, emailVerified: email.map { _ in true },
                otherClaimsJson: (try? JSONText.text(of: otherClaims, argument: "otherClaims")) ?? "{}",
                fetchedAt: Date()))
    }
}
