import Pilotlight
import SwiftUI

/// The remaining lifetime of the access token, as a countdown, and a button that renews it. The token itself is not shown.
struct TokenSection: View {
    let session: SessionModel
    let expiry: Date

    var body: some View {
        Section {
            // Redrawn at the expiry. Until then the system counts down, and describes the time to VoiceOver.
            TimelineView(.explicit([expiry])) { _ in
                LabeledContent {
                    clock.monospacedDigit()
                } label: {
                    Label("Expires In", systemImage: "hourglass")
                }
                .accessibilityElement(children: .combine)
                .accessibilityAddTraits(.updatesFrequently)
            }
            if session.session.boundKey != nil { Label("Bound to This Device", systemImage: "key") }
            Button("Renew Now", systemImage: "arrow.clockwise") { Task { await session.renew() } }
                .disabled(session.isBusy).accessibilityIdentifier("token.renew")
        } header: {
            Text("Access Token")
        } footer: {
            Text("It is renewed by itself when something needs it.")
        }
    }

    private var clock: Text {
        let now = Date()
        return expiry <= now ? Text("Expired") : Text(timerInterval: now...expiry)
    }
}
