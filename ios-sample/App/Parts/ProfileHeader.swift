import Pilotlight
import SwiftUI

/// The signed-in user: picture, name and email address; stacked vertically if the type size is very large.
struct ProfileHeader: View {
    let profile: SessionProfile?
    let isLoading: Bool
    @Environment(\.dynamicTypeSize) private var typeSize
    @ScaledMetric(relativeTo: .title) private var side: CGFloat = 64

    var body: some View {
        let layout =
            typeSize.isAccessibilitySize
            ? AnyLayout(VStackLayout(alignment: .leading, spacing: 12)) : AnyLayout(HStackLayout(spacing: 16))
        layout {
            AsyncImage(url: profile?.pictureURL) { image in
                image.resizable().scaledToFill()
            } placeholder: {
                Image(systemName: "person.crop.circle.fill").resizable().scaledToFill().foregroundStyle(.tint)
            }
            .frame(width: side, height: side)
            .clipShape(Circle())
            .accessibilityHidden(true)
            VStack(alignment: .leading, spacing: 4) {
                name.font(.title2).bold()
                if let email = profile?.email { Text(verbatim: email).foregroundStyle(.secondary) }
            }
            .frame(maxWidth: .infinity, alignment: .leading)
            if isLoading { ProgressView() }
        }
        .accessibilityElement(children: .combine)
    }

    private var name: Text {
        if let name = profile?.name ?? profile?.nickname { return Text(verbatim: name) }
        return isLoading && profile == nil ? Text("Loading…") : Text("No Name Given")
    }
}

/// How long ago something was loaded, in the reader's language.
struct LoadedLabel: View {
    let date: Date

    var body: some View {
        LabeledContent("Last Loaded") { Text(date, format: .relative(presentation: .named)) }
            .font(.footnote).foregroundStyle(.secondary)
    }
}
