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
    @available(iOS 11.0, macOS 10.13, *)
    open var interactionNotAllowed: Bool {
        get { fatalError() }
        set {}
    }
}
