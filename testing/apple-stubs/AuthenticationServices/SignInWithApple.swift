import Foundation

@available(iOS 13.0, macOS 10.15, *)
open class ASAuthorization: NSObject {
    public struct Scope: Hashable, Sendable {
        public static let fullName = Scope()
        public static let email = Scope()
    }

    open var credential: any ASAuthorizationCredential { fatalError() }
}

@available(iOS 13.0, macOS 10.15, *)
public protocol ASAuthorizationCredential: NSObjectProtocol {}

@available(iOS 13.0, macOS 10.15, *)
open class ASAuthorizationAppleIDCredential: NSObject, ASAuthorizationCredential {
    open var user: String { fatalError() }
    open var authorizationCode: Data? { fatalError() }
    open var identityToken: Data? { fatalError() }
    open var email: String? { fatalError() }
    open var fullName: PersonNameComponents? { fatalError() }
}

@available(iOS 13.0, macOS 10.15, *)
open class ASAuthorizationAppleIDRequest: NSObject {
    open var requestedScopes: [ASAuthorization.Scope]? {
        get { fatalError() }
        set {}
    }
    open var nonce: String? {
        get { fatalError() }
        set {}
    }
}

@available(iOS 13.0, macOS 10.15, *)
public struct ASAuthorizationError: Error {
    public enum Code: Int, Sendable {
        case unknown = 1000
        case canceled = 1001
        case invalidResponse = 1002
        case notHandled = 1003
        case failed = 1004
    }

    public var code: Code { fatalError() }
}
