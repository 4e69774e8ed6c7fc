import Foundation

#if canImport(UIKit)
import UIKit
#elseif canImport(AppKit)
import AppKit
#endif

/// The system's notifications that a session observes.
struct LifecycleNotifications: Sendable {
    /// Posts them.
    var center: NotificationCenter
    /// The device was unlocked, so that protected data can be read.
    var unlock: Notification.Name
    /// The app comes to the foreground.
    var foreground: Notification.Name

    #if os(iOS) || os(tvOS) || os(visionOS)
    // The names alone, which app extensions may use too; `UIApplication.shared` is never used.
    static let system = LifecycleNotifications(
        center: .default, unlock: UIApplication.protectedDataDidBecomeAvailableNotification,
        foreground: UIApplication.willEnterForegroundNotification)
    #elseif os(macOS)
    // On a Mac an app becomes the active one, where it comes to the foreground on iOS.
    static let system = LifecycleNotifications(
        center: .default, unlock: NSApplication.protectedDataDidBecomeAvailableNotification,
        foreground: NSApplication.didBecomeActiveNotification)
    #endif
}

/// Observes these notifications for as long as this object exists.
final class LifecycleObserver: @unchecked Sendable {
    private let center: NotificationCenter
    // Opaque, never changed, and given back to the center alone: hence the `@unchecked`.
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
