@_exported import Foundation

public enum LAPolicy: Int, Sendable {
    case deviceOwnerAuthenticationWithBiometrics = 1
    case deviceOwnerAuthentication = 2
}

@available(iOS 8.0, macOS 10.10, *)
open class LAContext: NSObject {
    override public init() {}
    // Apple's takes a pointer for the error too.
    open func canEvaluatePolicy(_ policy: LAPolicy, error: UnsafeMutablePointer<AnyObject?>?) -> Bool { fatalError() }
    @available(iOS 8.0, macOS 10.10, *)
    open func evaluatePolicy(_ policy: LAPolicy, localizedReason: String) async throws -> Bool { fatalError() }
    @available(iOS 11.0, macOS 10.13, *)
    open var interactionNotAllowed: Bool {
        get { fatalError() }
        set {}
    }
}

@available(iOS 8.0, macOS 10.10, *)
public struct LAError: Error, Sendable {
    public enum Code: Int, Sendable {
        case authenticationFailed = -1
        case userCancel = -2
        case userFallback = -3
        case systemCancel = -4
        case passcodeNotSet = -5
        case appCancel = -9
        case notInteractive = -1004
    }
    public var code: Code { fatalError() }
}
