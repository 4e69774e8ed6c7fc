import Pilotlight
import SampleKit
import SwiftUI

/// All claims of the profile; the cached profile is shown at once. The claims that the app uses come first, by their types.
struct ProfileView: View {
    /// How old a profile may be before a new one is fetched, in seconds. Issuers limit how often it may be fetched.
    static let maxAge: TimeInterval = 15 * 60
    let session: SessionModel

    var body: some View {
        List {
            if let error = session.error {
                BannerRow {
                    ErrorBanner(error: error, isOffline: session.profile != nil) {
                        await session.loadProfile(refresh: true)
                    }
                }
            }
            if let profile = session.profile {
                Section {
                    if let isVerified = profile.bool("email_verified") {
                        LabeledContent("Address") { isVerified ? Text("Verified") : Text("Not Verified") }
                    }
                    if !profile.roles.isEmpty {
                        LabeledContent("Roles", value: profile.roles.joined(separator: ", "))
                    }
                    LoadedLabel(date: profile.fetchedAt)
                }
                Section("All Claims") {
                    ForEach(profile.rows) { row in
                        VStack(alignment: .leading, spacing: 4) {
                            Text(verbatim: row.id).font(.caption).foregroundStyle(.secondary)
                            Text(verbatim: row.value).textSelection(.enabled)
                        }
                        .accessibilityElement(children: .combine)
                    }
                }
            } else if session.isBusy {
                ProgressView()
            }
        }
        .navigationTitle("Profile")
        .refreshable { await session.loadProfile(refresh: true) }
        .task { await session.loadProfile(maxAge: Self.maxAge) }
    }
}
