import Pilotlight
import SwiftUI
import UIKit

extension SystemWebAuthenticator {
    /// The sheet over the window that the user looks at; on an iPad there may be several.
    static func overKeyWindow(ephemeral: Bool = false) -> SystemWebAuthenticator {
        let scenes = UIApplication.shared.connectedScenes.compactMap { $0 as? UIWindowScene }
        let scene = scenes.first { $0.activationState == .foregroundActive } ?? scenes.first
        return SystemWebAuthenticator(anchor: scene?.keyWindow, ephemeral: ephemeral)
    }
}
