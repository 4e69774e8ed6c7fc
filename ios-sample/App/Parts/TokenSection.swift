import Pilotlight
import SwiftUI

/// The access token's life, counting down, and a button that renews it. The token itself is not shown.
struct TokenSection: View {
    let session: SessionModel
    let expiry: Date

    var body: some View {
        Section {
            // Drawn again at the end; the system counts until then, and says it in words to VoiceOver.
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
