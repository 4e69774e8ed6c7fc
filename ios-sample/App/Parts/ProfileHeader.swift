import Pilotlight
import SwiftUI

/// Who is signed in: a picture or initials, the name, the address.
struct ProfileHeader: View {
    let profile: UserProfile?
    let isLoading: Bool
    @ScaledMetric(relativeTo: .title) private var side: CGFloat = 64

    var body: some View {
        HStack(spacing: 16) {
            picture
                .frame(width: side, height: side)
                .clipShape(Circle())
                .accessibilityHidden(true)
            VStack(alignment: .leading, spacing: 4) {
                name.font(.title2).bold().accessibilityIdentifier("home.name")
                if let email = profile?.email {
                    Text(verbatim: email).foregroundStyle(.secondary).accessibilityIdentifier("home.email")
                }
            }
            Spacer()
            if isLoading { ProgressView() }
        }
        .accessibilityElement(children: .combine)
    }

    private var name: Text {
        if let name = profile?.name ?? profile?.nickname { return Text(verbatim: name) }
        return isLoading && profile == nil ? Text("Loading…") : Text("No Name Given")
    }

    private var picture: some View {
        AsyncImage(url: profile?.picture.flatMap { URL(string: $0) }) { image in
            image.resizable().scaledToFill()
        } placeholder: {
            ZStack {
                Circle().fill(.tint.opacity(0.2))
                if let initials {
                    Text(verbatim: initials).font(.title2).bold().foregroundStyle(.tint)
                } else {
                    Image(systemName: "person.fill").foregroundStyle(.tint)
                }
            }
        }
    }

    private var initials: String? {
        guard let name = profile?.name else { return nil }
        let letters = name.split(separator: " ").prefix(2).compactMap(\.first)
        return letters.isEmpty ? nil : String(letters)
    }
}
