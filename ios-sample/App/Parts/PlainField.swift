import SwiftUI

/// A field for an address or an identifier, without autocorrection or automatic capitalization.
struct PlainField: View {
    let title: LocalizedStringKey
    @Binding var text: String
    let identifier: String

    var body: some View {
        LabeledContent(title) {
            TextField(title, text: $text)
                .textInputAutocapitalization(.never)
                .autocorrectionDisabled()
                .keyboardType(.URL)
                .multilineTextAlignment(.trailing)
                .accessibilityIdentifier(identifier)
        }
    }
}
