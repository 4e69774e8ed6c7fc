import Foundation

#if canImport(UIKit)
import UIKit
#endif

/// What the system announces and a session wants to hear of.
struct SystemNotices: Sendable {
    /// Who announces.
    var center: NotificationCenter
    /// The device has been unlocked, so that what is protected can be read.
    var unlock: Notification.Name
    /// The app comes to the front.
    var foreground: Notification.Name

    #if os(iOS)
    // The names alone, which app extensions may use as well; `UIApplication.shared` is never asked for.
    static let system = SystemNotices(
        center: .default, unlock: UIApplication.protectedDataDidBecomeAvailableNotification,
        foreground: UIApplication.willEnterForegroundNotification)
    #endif

    /// Hears of both for as long as the result exists. The closures are called on any thread and must return soon.
    func listen(onUnlock: @escaping @Sendable () -> Void, onForeground: @escaping @Sendable () -> Void) -> Listening {
        Listening(
            center: center,
            observers: [(unlock, onUnlock), (foreground, onForeground)].map { name, react in
                center.addObserver(forName: name, object: nil, queue: nil) { _ in react() }
            })
    }

    /// Somebody hears; ends with this object.
    final class Listening: @unchecked Sendable {
        private let center: NotificationCenter
        // Opaque, never changed, and given back to the center alone: hence the `@unchecked`.
        private let observers: [any NSObjectProtocol]

        fileprivate init(center: NotificationCenter, observers: [any NSObjectProtocol]) {
            self.center = center
            self.observers = observers
        }

        deinit {
            for observer in observers { center.removeObserver(observer) }
        }
    }
}
