import Pilotlight
import SampleKit
import SwiftUI

/// Every claim of the profile, the one at hand at once.
struct ProfileView: View {
    @State private var screen: ProfileScreen

    init(session: Session) {
        _screen = State(initialValue: ProfileScreen(session))
    }

    var body: some View {
        List {
            if let advice = screen.advice { AdviceBanner(advice: advice) }
            ForEach(screen.rows) { row in
                VStack(alignment: .leading, spacing: 4) {
                    Text(verbatim: row.id).font(.caption).foregroundStyle(.secondary)
                    Text(verbatim: row.value).textSelection(.enabled)
                }
                .accessibilityElement(children: .combine)
            }
        }
        .overlay {
            if screen.rows.isEmpty {
                if screen.isLoading {
                    ProgressView()
                } else {
                    ContentUnavailableView("No Profile Yet", systemImage: "person.crop.circle.badge.questionmark")
                }
            }
        }
        .navigationTitle("Profile")
        .refreshable { await screen.load(refresh: true) }
        .task { await screen.load() }
    }
}
