import Pilotlight
import SampleKit
import SwiftUI

/// Every claim of the profile, the one at hand at once; those that the app has a use for, by their types, first.
struct ProfileView: View {
    @State private var screen: ProfileScreen

    init(session: Session) {
        _screen = State(initialValue: ProfileScreen(session))
    }

    var body: some View {
        List {
            if let advice = screen.advice {
                BannerRow {
                    AdviceBanner(advice: advice, isOffline: !screen.rows.isEmpty) { await screen.load(refresh: true) }
                }
            }
            if !screen.rows.isEmpty {
                Section {
                    if let isVerified = screen.isEmailVerified {
                        LabeledContent("Address") { isVerified ? Text("Verified") : Text("Not Verified") }
                    }
                    if !screen.roles.isEmpty {
                        LabeledContent("Roles", value: screen.roles.joined(separator: ", "))
                    }
                    if let date = screen.fetchedAt { LoadedLabel(date: date) }
                }
                Section("All Claims") {
                    ForEach(screen.rows) { row in
                        VStack(alignment: .leading, spacing: 4) {
                            Text(verbatim: row.id).font(.caption).foregroundStyle(.secondary)
                            Text(verbatim: row.value).textSelection(.enabled)
                        }
                        .accessibilityElement(children: .combine)
                    }
                }
            }
        }
        .overlay {
            if screen.rows.isEmpty, screen.advice == nil {
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
