import Pilotlight
import SampleKit
import SwiftUI

/// A user is signed in: who, how long the token is good, and where to go from here.
struct HomeView: View {
    let model: AppModel
    @State private var isSigningOut = false

    var body: some View {
        List {
            if let session = model.session {
                if let error = session.error, let advice = Advice(error) {
                    AdviceBanner(advice: advice, isOffline: isOffline(error)) { session.dismissError() }
                }
                Section { ProfileHeader(profile: session.profile, isLoading: session.isBusy) }
                if case .signedIn(_, let expiry) = session.state, let token = model.token {
                    TokenSection(token: token, expiry: expiry)
                }
                Section {
                    NavigationLink {
                        ProfileView(session: session.session)
                    } label: {
                        Label("Profile", systemImage: "person.text.rectangle")
                    }
                    .accessibilityIdentifier("profile")
                    if model.settings.metadataAccess {
                        NavigationLink {
                            MetadataView(session: session.session)
                        } label: {
                            Label("Edit Profile", systemImage: "square.and.pencil")
                        }
                        .accessibilityIdentifier("metadata")
                    }
                    NavigationLink {
                        InspectorView(model: model)
                    } label: {
                        Label("Session Inspector", systemImage: "waveform.path.ecg")
                    }
                    .accessibilityIdentifier("inspector")
                }
                Section {
                    Button("Sign Out", role: .destructive) { isSigningOut = true }
                        .accessibilityIdentifier("sign-out")
                }
            }
        }
        .navigationTitle("Home")
        .refreshable { await model.session?.loadProfile(refresh: true) }
        .task { await model.session?.loadProfile() }
        .confirmationDialog("Sign out of this app?", isPresented: $isSigningOut, titleVisibility: .visible) {
            Button("Sign Out Now", role: .destructive) { Task { await model.signOut() } }
        } message: {
            Text("The session is removed from this device and ended at the issuer.")
        }
        .accessibilityIdentifier("home")
    }

    private func isOffline(_ error: SessionError) -> Bool {
        if case .retryLater(.network, _, _) = error { true } else { false }
    }
}
