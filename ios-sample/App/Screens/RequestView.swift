import Pilotlight
import SampleKit
import SwiftUI

/// Sends a request to an API with the session's token, or with a token for a further API that was renewed or exchanged.
struct RequestView: View {
    let session: Session
    @State var address: String
    @State private var audience = ""
    @State private var isExchanging = false
    @State private var type = ""
    @State private var isSending = false
    @State private var isWebsite = false
    @State private var outcome: RequestOutcome?
    @Environment(\.openURL) private var openURL

    var body: some View {
        Form {
            Section {
                PlainField(title: "Address", text: $address, identifier: "request.address")
                PlainField(title: "Audience", text: $audience, identifier: "request.audience")
                Toggle("Exchange the Token", isOn: $isExchanging).accessibilityIdentifier("request.exchange")
                if isExchanging { PlainField(title: "Token Type", text: $type, identifier: "request.type") }
                Button("Send", systemImage: "paperplane") { Task { await send() } }
                    .disabled(isSending).accessibilityIdentifier("request.send")
            } footer: {
                Text("Your access token goes there: enter only an address that you trust. An audience has its own.")
            }
            Section {
                Button("Open as Website", systemImage: "safari") { Task { await open() } }
                    .disabled(isSending).accessibilityIdentifier("request.website")
            } footer: {
                Text("You are signed in there too, if your application at Auth0 may do that.")
            }
            switch outcome {
            case .answered(let status, let bytes):
                Section("Answer") {
                    LabeledContent("Status", value: String(status)).accessibilityIdentifier("request.status")
                    LabeledContent("Bytes", value: String(bytes))
                }
            case .refused(let error):
                BannerRow { ErrorBanner(error: error) { isWebsite ? await open() : await send() } }
            case nil: if isSending { ProgressView() }
            }
        }
        .navigationTitle("Try a Request")
    }

    private func send() async {
        (isSending, isWebsite, outcome) = (true, false, nil)
        outcome = await session.request(
            address, audience: audience, exchanging: isExchanging ? type : nil, in: SystemWebAuthenticator())
        isSending = false
    }

    private func open() async {
        (isSending, isWebsite, outcome) = (true, true, nil)
        do {
            openURL(try await session.signedIn(to: address))
        } catch {
            outcome = SessionError.shown(error).map(RequestOutcome.refused)
        }
        isSending = false
    }
}
