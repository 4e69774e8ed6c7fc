import SampleKit
import SwiftUI

/// The access token's life, counting down, and a button that renews it.
struct TokenSection: View {
    let token: TokenPanel
    let expiry: Date

    var body: some View {
        Section {
            TimelineView(.periodic(from: .now, by: 1)) { context in
                let life = TokenLife(until: expiry, at: context.date)
                LabeledContent {
                    clock(life).monospacedDigit()
                } label: {
                    Label("Expires In", systemImage: symbol(life))
                }
                // In minutes and seconds instead of digits; and not once a second by itself.
                .accessibilityElement(children: .ignore)
                .accessibilityLabel(Text("Expires In"))
                .accessibilityValue(spoken(life))
                .accessibilityAddTraits(.updatesFrequently)
                .accessibilityIdentifier("token.clock")
            }
            Button {
                Task { await token.renew() }
            } label: {
                HStack {
                    Label("Renew Now", systemImage: "arrow.clockwise")
                    Spacer()
                    if token.isRenewing { ProgressView() }
                }
            }
            .disabled(token.isRenewing)
            .accessibilityIdentifier("token.renew")
            if let advice = token.advice {
                AdviceBanner(advice: advice, dismiss: { token.dismiss() }).listRowInsets(EdgeInsets())
            }
        } header: {
            Text("Access Token")
        } footer: {
            Text("It is renewed by itself when something needs it.")
        }
    }

    private func clock(_ life: TokenLife) -> Text {
        if let clock = life.clock { return Text(verbatim: clock) }
        return life == .over ? Text("Expired") : Text("A Long Time")
    }

    private func spoken(_ life: TokenLife) -> Text {
        life.clock == nil ? clock(life) : Text(expiry, style: .relative)
    }

    private func symbol(_ life: TokenLife) -> String {
        switch life {
        case .good: "hourglass.bottomhalf.filled"
        case .ending: "hourglass.tophalf.filled"
        case .over: "hourglass"
        }
    }
}
