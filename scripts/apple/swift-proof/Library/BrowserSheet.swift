import AuthenticationServices
import Foundation

@MainActor
final class BrowserSheet: NSObject, ASWebAuthenticationPresentationContextProviding {
    private var shown: ASWebAuthenticationSession?

    func show(_ url: URL, then finish: @escaping @Sendable (URL?) -> Void) {
        let session: ASWebAuthenticationSession
        if #available(iOS 17.4, macOS 14.4, *) {
            session = ASWebAuthenticationSession(
                url: url, callback: .https(host: "example.com", path: "/callback"),
                completionHandler: { callback, _ in finish(callback) })
        } else {
            session = ASWebAuthenticationSession(url: url, callbackURLScheme: "example") { callback, _ in
                finish(callback)
            }
        }
        session.presentationContextProvider = self
        shown = session
        session.start()
    }

    func presentationAnchor(for session: ASWebAuthenticationSession) -> ASPresentationAnchor {
        ASPresentationAnchor()
    }
}

#if os(iOS)
let platform: String = "ios"
#else
let platform: String = "another"
#endif
