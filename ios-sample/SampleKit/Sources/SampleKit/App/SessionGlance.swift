import Foundation
import Pilotlight

/// What the widget shows: the session as it is in the store, read and never changed.
public enum SessionGlance: Equatable, Sendable {
    /// Somebody is signed in, with a token that is good until then.
    case signedIn(name: String?, until: Date)
    /// Nobody is.
    case signedOut
    /// The user has to sign in again, in the app.
    case signInAgain
    /// The device is locked, or the session asks for its owner, which a widget cannot.
    case locked
    /// It could not be read, or the app was never opened.
    case unavailable

    /// Looks at the session once. Reads the store; no network.
    ///
    /// - Parameter session: One that was made with `readOnly`; nil where none could be made.
    public static func look(at session: Session?) async -> SessionGlance {
        guard let session else { return .unavailable }
        do {
            switch try await session.restore() {
            case .signedIn(_, let date):
                let profile = session.cachedProfile
                return .signedIn(name: profile?.name ?? profile?.email, until: date)
            case .signedOut: return .signedOut
            case .reauthenticationRequired: return .signInAgain
            case .locked: return .locked
            }
        } catch SessionError.userAuthenticationFailed {
            return .locked
        } catch SessionError.deviceLocked {
            return .locked
        } catch {
            return .unavailable
        }
    }
}
