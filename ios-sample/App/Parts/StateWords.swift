import Pilotlight
import SampleKit
import SwiftUI

extension ReauthenticationReason {
    /// Why the user has to sign in again, in a sentence.
    var words: Text {
        switch self {
        case .refreshTokenRejected: Text("The issuer ended your session. Your data there is untouched.")
        case .noRefreshToken: Text("The issuer gave no permission to renew your session, and it has expired.")
        case .lifetimeEnded, .idleTooLong: Text("A sign-in lasts for a limited time only.")
        }
    }
}

/// The name, symbol and details of a state or an event. It never relies on colour alone.
struct MomentLabel: View {
    let moment: History.Moment

    var body: some View {
        VStack(alignment: .leading, spacing: 4) {
            switch moment {
            case .state(let state): label(state)
            case .event(let event): label(event)
            }
        }
    }

    @ViewBuilder private func label(_ state: SessionState) -> some View {
        switch state {
        case .signedIn(_, let expiry):
            Label("Signed In", systemImage: "checkmark.circle.fill")
            HStack(spacing: 4) {
                Text("Token good until")
                Text(expiry, style: .time)
            }
            .font(.footnote).foregroundStyle(.secondary)
        case .signedOut: Label("Signed Out", systemImage: "circle")
        case .locked: Label("Locked", systemImage: "lock.fill")
        case .reauthenticationRequired(let reason):
            Label("Sign-In Needed", systemImage: "exclamationmark.circle.fill")
            reason.words.font(.footnote).foregroundStyle(.secondary)
        }
    }

    @ViewBuilder private func label(_ event: SessionEvent) -> some View {
        switch event {
        case .signedIn(_, by: .migration): Label("Migrated", systemImage: "shippingbox")
        case .signedIn: Label("Signed In", systemImage: "person.badge.key")
        case .refreshTokenMissing: Label("No Refresh Token", systemImage: "exclamationmark.arrow.circlepath")
        case .restored: Label("Restored", systemImage: "tray.and.arrow.up")
        case .renewed(let audience, _, _):
            Label("Token Renewed", systemImage: "arrow.clockwise")
            if let audience { DetailText(detail: audience) }
        case .renewalFailed(_, let error, _):
            Label("Renewal Failed", systemImage: "exclamationmark.arrow.triangle.2.circlepath")
            Text(LocalizedStringKey(error.summary)).font(.footnote)
        case .willEnd: Label("Session Ends Soon", systemImage: "hourglass")
        case .ended: Label("Session Ended", systemImage: "xmark.circle")
        case .signedOut: Label("Signed Out", systemImage: "rectangle.portrait.and.arrow.right")
        case .profileChanged: Label("Profile Changed", systemImage: "person.text.rectangle")
        case .metadataUpdateSent: Label("Change Sent", systemImage: "paperplane")
        case .metadataUpdateRefused: Label("Change Refused", systemImage: "exclamationmark.triangle")
        }
    }
}
