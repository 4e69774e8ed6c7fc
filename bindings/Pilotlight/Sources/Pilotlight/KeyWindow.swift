#if canImport(AuthenticationServices) && !os(tvOS)
import AuthenticationServices

#if canImport(UIKit)
import UIKit
#elseif canImport(AppKit)
import AppKit
#endif

extension SystemWebAuthenticator {
    /// The window in the foreground; on an iPad there may be several. Nil if there is none, as in an extension.
    static var keyWindow: ASPresentationAnchor? {
        #if canImport(UIKit)
        let scenes = runningApplication?.connectedScenes.compactMap { $0 as? UIWindowScene } ?? []
        let scene = scenes.first { $0.activationState == .foregroundActive } ?? scenes.first
        return scene?.keyWindow
        #else
        return NSApplication.shared.keyWindow ?? NSApplication.shared.mainWindow
        #endif
    }

    #if canImport(UIKit)
    /// `UIApplication.shared`. Code for extensions may not name it, because an extension has no application object.
    private static var runningApplication: UIApplication? {
        let selector = NSSelectorFromString("sharedApplication")
        guard Bundle.main.bundlePath.hasSuffix(".app"), UIApplication.responds(to: selector) else { return nil }
        return UIApplication.perform(selector)?.takeUnretainedValue() as? UIApplication
    }
    #endif
}
#endif
