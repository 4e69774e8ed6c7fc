import Pilotlight
import SwiftUI

extension ReauthenticationReason {
    /// Why the user has to sign in again, in a sentence.
    var words: Text {
        switch self {
        case .refreshTokenRejected: Text("The issuer ended your session. Your data there is untouched.")
        case .noRefreshToken: Text("The issuer gave no permission to renew your session, and it has expired.")
        }
    }
}

/// A state by its name and a symbol, never by a colour alone, with what there is to say about it.
struct StateLabel: View {
    let state: SessionState

    var body: some View {
        VStack(alignment: .leading, spacing: 4) {
            switch state {
            case .signedIn(_, let expiry):
                Label("Signed In", systemImage: "checkmark.circle.fill")
                HStack(spacing: 4) {
                    Text("Token good until")
                    Text(expiry, style: .time)
                }
                .font(.footnote)
                .foregroundStyle(.secondary)
            case .signedOut: Label("Signed Out", systemImage: "circle")
            case .locked: Label("Locked", systemImage: "lock.fill")
            case .reauthenticationRequired(let reason):
                Label("Sign-In Needed", systemImage: "exclamationmark.circle.fill")
                reason.words.font(.footnote).foregroundStyle(.secondary)
            }
        }
    }
}
