import SwiftUI

/// A field for an address or an identifier: what is typed stays as it is.
struct PlainField: View {
    let title: LocalizedStringKey
    @Binding var text: String
    let identifier: String

    init(_ title: LocalizedStringKey, text: Binding<String>, identifier: String) {
        self.title = title
        _text = text
        self.identifier = identifier
    }

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
