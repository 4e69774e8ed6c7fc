import Pilotlight
import SampleKit
import SwiftUI

/// The home screen of a signed-in user: who is signed in, how long the token is good, and links to the other screens.
struct HomeView: View {
    let model: AppModel
    let session: SessionModel
    @State private var isSigningOut = false
    /// How many metadata changes wait for the network.
    @State private var waiting = 0

    var body: some View {
        List {
            if let error = session.error {
                BannerRow {
                    ErrorBanner(error: error, isOffline: isOffline(error)) {
                        await session.loadProfile(refresh: true)
                    } dismiss: {
                        session.dismissError()
                    }
                }
            }
            Section {
                ProfileHeader(profile: session.profile, isLoading: session.isBusy)
                if let date = session.profile?.fetchedAt { LoadedLabel(date: date) }
            }
            if case .signedIn(_, let expiry) = session.state { TokenSection(session: session, expiry: expiry) }
            Section { links }
            if !model.settings.otherClientID.isEmpty { OtherAppSection(model: model) }
            Section {
                Button("Sign Out", role: .destructive) { isSigningOut = true }.accessibilityIdentifier("sign-out")
            }
        }
        .navigationTitle("Home")
        .toolbar {
            // If no accounts are kept, as in previews, there is nothing to choose from.
            ToolbarItem(placement: .topBarLeading) { if let accounts = model.accounts { AccountMenu(accounts) } }
        }
        .refreshable { await session.loadProfile(refresh: true) }
        .task(id: model.isLocked ? nil : ObjectIdentifier(session)) {
            if !model.isLocked { await session.loadProfile(maxAge: ProfileView.maxAge) }
        }
        .onAppear { waiting = session.session.metadata.pending.count }
        // A waiting change may have been sent.
        .onChange(of: model.history?.entries.first?.id) { waiting = session.session.metadata.pending.count }
        .confirmationDialog("Sign out of this app?", isPresented: $isSigningOut, titleVisibility: .visible) {
            Button("Sign Out Now", role: .destructive) { Task { await model.signOut() } }
            // A private browser has nothing to sign out of.
            if !model.settings.isEphemeral {
                Button("Sign Out in the Browser Too", role: .destructive) {
                    Task { await model.signOut(ofBrowserBy: SystemWebAuthenticator()) }
                }
            }
        } message: {
            Text("The session is removed from this device and ended at the issuer.")
        }
    }

    @ViewBuilder private var links: some View {
        NavigationLink(value: Place.profile) { Label("Profile", systemImage: "person.text.rectangle") }
            .accessibilityIdentifier("profile")
        if model.settings.isAuth0 && model.settings.metadataAccess {
            NavigationLink(value: Place.metadata) { Label("Edit Profile", systemImage: "square.and.pencil") }
                .badge(waiting)
                .accessibilityIdentifier("metadata")
        }
        NavigationLink(value: Place.request) { Label("Try a Request", systemImage: "paperplane") }
            .accessibilityIdentifier("request")
        NavigationLink(value: Place.inspector) { Label("Session Inspector", systemImage: "waveform.path.ecg") }
            .accessibilityIdentifier("inspector")
    }

    private func isOffline(_ error: SessionError) -> Bool {
        if case .temporarilyUnavailable(.network, _, _) = error { true } else { false }
    }
}
