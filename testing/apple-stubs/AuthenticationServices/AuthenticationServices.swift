@_exported import Foundation
import UIKit

public typealias ASPresentationAnchor = UIWindow

@available(iOS 13.0, macOS 10.15, *)
@MainActor
public protocol ASWebAuthenticationPresentationContextProviding: AnyObject {
    func presentationAnchor(for session: ASWebAuthenticationSession) -> ASPresentationAnchor
}

@available(iOS 12.0, macOS 10.15, *)
public struct ASWebAuthenticationSessionError: Error {
    public enum Code: Int, Sendable {
        case canceledLogin = 1
        @available(iOS 13.0, *)
        case presentationContextNotProvided = 2
        @available(iOS 13.0, *)
        case presentationContextInvalid = 3
    }

    public init(_ code: Code, userInfo: [String: Any] = [:]) { fatalError() }
    public var code: Code { fatalError() }
    public var errorUserInfo: [String: Any] { fatalError() }
    public static var canceledLogin: Code { .canceledLogin }
}

@available(iOS 12.0, macOS 10.15, *)
open class ASWebAuthenticationSession: NSObject {
    // Stricter than Apple, whose type has no `@Sendable`: the system calls back on any thread, and a closure that the
    // compiler took for the main actor's ends the app there.
    public typealias CompletionHandler = @Sendable (URL?, (any Error)?) -> Void

    public init(url: URL, callbackURLScheme: String?, completionHandler: @escaping CompletionHandler) {}
    @available(iOS 17.4, macOS 14.4, *)
    public init(url: URL, callback: Callback, completionHandler: @escaping CompletionHandler) {}

    @available(iOS 17.4, macOS 14.4, *)
    open class Callback: NSObject {
        public class func customScheme(_ customScheme: String) -> Callback { fatalError() }
        public class func https(host: String, path: String) -> Callback { fatalError() }
    }

    @available(iOS 13.0, macOS 10.15, *)
    weak open var presentationContextProvider: (any ASWebAuthenticationPresentationContextProviding)?
    @available(iOS 13.0, macOS 10.15, *)
    open var prefersEphemeralWebBrowserSession: Bool {
        get { fatalError() }
        set {}
    }
    @available(iOS 13.4, macOS 10.15.4, *)
    open var canStart: Bool { fatalError() }
    @discardableResult
    open func start() -> Bool { fatalError() }
    open func cancel() {}
}
