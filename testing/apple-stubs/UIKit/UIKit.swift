@_exported import Foundation

@MainActor
open class UIResponder: NSObject {}

// Apple's has an `init()` of the main actor too; a Swift class cannot give its superclass's initialiser an actor, but a
// default value reads the same.
@MainActor
open class UIWindow: UIResponder {
    public init(frame: CGRect = .zero) {}
    @available(iOS 13.0, *)
    public init(windowScene: UIWindowScene) {}
}

@available(iOS 13.0, *)
@MainActor
open class UIScene: UIResponder {
    public enum ActivationState: Int, Sendable {
        case unattached = -1
        case foregroundActive
        case foregroundInactive
        case background
    }

    open var activationState: UIScene.ActivationState { fatalError() }
}

@available(iOS 13.0, *)
@MainActor
open class UIWindowScene: UIScene {
    @available(iOS 15.0, *)
    open var keyWindow: UIWindow? { fatalError() }
}

@MainActor
open class UIApplication: UIResponder {
    // Nor may the library use it, which extensions take: it is compiled as they are (scripts/apple/swift_ios.py).
    @available(iOSApplicationExtension, unavailable)
    open class var shared: UIApplication { fatalError() }
    @available(iOS 13.0, *)
    open var connectedScenes: Set<UIScene> { fatalError() }
}

public struct UIAccessibility {
    public struct Notification: Hashable, RawRepresentable, Sendable {
        public let rawValue: UInt32
        public init(rawValue: UInt32) { self.rawValue = rawValue }
        public static let announcement = Notification(rawValue: 0)
    }

    @MainActor
    public static func post(notification: UIAccessibility.Notification, argument: Any?) {}
}

public enum UIKeyboardType: Int, Sendable {
    case `default` = 0
    case URL = 3
}

// Of no actor since Xcode 15.
extension UIApplication {
    @available(iOS 4.0, *)
    nonisolated public class var willEnterForegroundNotification: NSNotification.Name { fatalError() }
    @available(iOS 4.0, *)
    nonisolated public class var protectedDataDidBecomeAvailableNotification: NSNotification.Name { fatalError() }
}
