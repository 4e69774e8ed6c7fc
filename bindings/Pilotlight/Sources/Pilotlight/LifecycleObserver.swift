import Foundation

#if canImport(UIKit)
import UIKit
#elseif canImport(AppKit)
import AppKit
#endif

/// The system's notifications that a session observes.
struct LifecycleNotifications: Sendable {
    /// Posts the notifications.
    var center: NotificationCenter
    /// Posted when the device was unlocked, so that protected data can be read.
    var unlock: Notification.Name
    /// Posted when the app comes to the foreground.
    var foreground: Notification.Name

    #if os(iOS) || os(tvOS) || os(visionOS)
    // Only the names are used, which app extensions may use too, and never `UIApplication.shared`.
    static let system = LifecycleNotifications(
        center: .default, unlock: UIApplication.protectedDataDidBecomeAvailableNotification,
        foreground: UIApplication.willEnterForegroundNotification)
    #elseif os(macOS)
    // On a Mac, becoming the active app corresponds to coming to the foreground on iOS.
    static let system = LifecycleNotifications(
        center: .default, unlock: NSApplication.protectedDataDidBecomeAvailableNotification,
        foreground: NSApplication.didBecomeActiveNotification)
    #endif
}

/// Observes these notifications as long as this object exists.
final class LifecycleObserver: @unchecked Sendable {
    private let center: NotificationCenter
    // `@unchecked` because these are opaque, never changed, and only passed back to the center.
    private let tokens: [any NSObjectProtocol]

    /// The closures are called on any thread and must return soon.
    init(
        _ notifications: LifecycleNotifications, onUnlock: @escaping @Sendable () -> Void,
        onForeground: @escaping @Sendable () -> Void
    ) {
        let center = notifications.center
        self.center = center
        tokens = [(notifications.unlock, onUnlock), (notifications.foreground, onForeground)].map { name, react in
            center.addObserver(forName: name, object: nil, queue: nil) { _ in react() }
        }
    }

    deinit {
        for token in tokens { center.removeObserver(token) }
    }
}
