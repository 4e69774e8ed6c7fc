import Pilotlight
import SampleKit
import SwiftUI

/// A request to an API with the session's token: what a call of `data(for:audience:)` looks like in an app.
struct RequestView: View {
    @State private var screen: RequestScreen

    init(session: Session, address: String) {
        _screen = State(initialValue: RequestScreen(session, address: address))
    }

    var body: some View {
        Form {
            Section {
                PlainField("Address", text: $screen.address, identifier: "request.address")
                PlainField("Audience", text: $screen.audience, identifier: "request.audience")
            } footer: {
                Text(
                    "Your access token goes to that address, so enter only one that you trust. With an audience it is its own token, for that API."
                )
            }
            Section {
                Button {
                    Task { await screen.send() }
                } label: {
                    HStack {
                        Label("Send", systemImage: "paperplane")
                        Spacer()
                        if screen.isSending { ProgressView() }
                    }
                }
                .disabled(screen.isSending)
                .accessibilityIdentifier("request.send")
            }
            answer
        }
        .navigationTitle("Try a Request")
    }

    @ViewBuilder private var answer: some View {
        switch screen.outcome {
        case .answered(let status, let bytes):
            Section("Answer") {
                LabeledContent("Status", value: String(status)).accessibilityIdentifier("request.status")
                LabeledContent("Bytes", value: String(bytes))
            }
        case .unreachable:
            BannerRow {
                Banner(
                    symbol: "wifi.slash", color: .orange, title: "Nobody answered at that address.",
                    message: "Check the address and the connection, and try again."
                ) {}
            }
        case .refused(let advice):
            BannerRow { AdviceBanner(advice: advice) { await screen.send() } }
        case nil:
            EmptyView()
        }
    }
}
