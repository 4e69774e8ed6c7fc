import Foundation
internal import PilotlightCore

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// A token that signs the session's user in to your website, in a web view or a browser (Auth0: "Native to Web SSO").
///
/// It works once, within a minute, from this device's network address: get it right before you use it. Anyone who has it can
/// sign in, so send it only to your own website. Printing it shows no token.
public struct SessionTransfer: Hashable, Sendable {
    /// The token itself, if you open the website in another way.
    public let token: String
    /// When it expires, by the device's clock.
    public let expiresAt: Date
    /// The issuer's host, which the cookie is for.
    public let host: String

    /// For tests of an app.
    public init(token: String, expiresAt: Date, host: String) {
        self.token = token
        self.expiresAt = expiresAt
        self.host = host
    }

    init(_ transfer: SessionTransferToken) {
        token = transfer.token
        expiresAt = Date(timeIntervalSinceNow: TimeInterval(transfer.lifetimeSeconds))
        host = transfer.host
    }

    /// The token as a cookie, for a `WKWebView`: put it into the web view's cookie store before you load the website. It is a
    /// secure session cookie for the issuer's host. Nil if the system cannot create the cookie.
    public var cookie: HTTPCookie? {
        HTTPCookie(properties: [
            .domain: host, .path: "/", .name: "auth0_session_transfer_token", .value: token, .secure: "TRUE",
            .discard: "TRUE",
        ])
    }

    /// The website's URL with the parameter `session_transfer_token`, for `SFSafariViewController` and Safari. The website must
    /// pass the parameter on to `/authorize`. The rest of the URL stays as it is.
    public func url(for website: URL) -> URL {
        guard var components = URLComponents(url: website, resolvingAgainstBaseURL: false) else { return website }
        // The encoding of the website's own parameters does not change.
        let others = (components.percentEncodedQueryItems ?? []).filter { $0.name != "session_transfer_token" }
        let parameter = URLQueryItem(name: "session_transfer_token", value: percentEncoded(token))
        components.percentEncodedQueryItems = others + [parameter]
        return components.url ?? website
    }
}

/// Encodes `+` too, which servers decode as a space in form data.
private func percentEncoded(_ text: String) -> String {
    text.utf8.map { byte in
        let character = Character(UnicodeScalar(byte))
        let isPlain = character.isASCII && (character.isLetter || character.isNumber || "-._~".contains(character))
        return isPlain ? String(character) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }.joined()
}

extension SessionTransfer: Redacted {
    /// When it expires.
    public var description: String { "SessionTransfer(expiresAt: \(expiresAt))" }
}

extension Session {
    /// Gets a token that signs the session's user in to your website (Auth0: "Native to Web SSO"). Network. If Auth0 rotates the
    /// refresh token, the new one is stored before this returns; nothing else is stored.
    ///
    /// ```swift
    /// let transfer = try await session.sessionTransfer()
    /// if let cookie = transfer.cookie {
    ///     await webView.configuration.websiteDataStore.httpCookieStore.setCookie(cookie)
    /// }
    /// webView.load(URLRequest(url: website))
    /// ```
    ///
    /// Each call gets a new token. It never runs at the same time as a renewal.
    ///
    /// - Throws: ``SessionError/configurationInvalid(field:message:)`` naming `clientID` if the application may not create such
    ///   tokens (Auth0: `session_transfer.can_create_session_transfer_token`), and `issuer` if the issuer is not Auth0;
    ///   ``SessionError/storageFailed(status:message:)`` if the rotated refresh token cannot be stored; otherwise as
    ///   ``accessToken(minTTL:forceRefresh:allowExpired:)``.
    public func sessionTransfer() async throws -> SessionTransfer {
        SessionTransfer(try await call { try await $0.sessionTransfer() })
    }
}
