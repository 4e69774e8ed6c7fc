import Pilotlight
import SampleKit
import SwiftUI
import WidgetKit

/// The screen for the session's state, and the screens that are opened from it.
struct RootView: View {
    let starts: Bool
    @State private var model: AppModel
    @State private var path: [Place]
    @State private var isEditingSettings: Bool

    /// `starts` says whether the app begins by reading the session.
    init(model: AppModel, opening place: Place?, starts: Bool) {
        self.starts = starts
        _model = State(initialValue: model)
        _path = State(initialValue: place.map { $0 == .settings ? [] : [$0] } ?? [])
        _isEditingSettings = State(initialValue: place == .settings)
    }

    var body: some View {
        NavigationStack(path: $path) {
            screen
                .safeAreaInset(edge: .top) { NoticeBanner(model: model) }
                .toolbar {
                    ToolbarItem(placement: .topBarTrailing) {
                        Button("Settings", systemImage: "gearshape") { isEditingSettings = true }
                            .accessibilityIdentifier("settings")
                    }
                }
                // A user who is no longer signed in signs in on that screen, and continues there.
                .navigationDestination(for: Place.self) { destination($0).requiresSession().lockable(by: model) }
        }
        .task { if starts { await model.start() } }
        .environment(\.pilotlightSession, model.session?.session)
        .sheet(isPresented: $isEditingSettings) { SettingsView(model: model) }
        // The widget shows the session too.
        .onChange(of: model.session?.state) { WidgetCenter.shared.reloadAllTimelines() }
        .onChange(of: model.session?.state?.isSignedIn) { Task { await model.showCurrent() } }
        .onChange(of: model.accounts?.current) { Task { await model.showCurrent() } }
    }

    @ViewBuilder private var screen: some View {
        switch model.screen {
        case .loading: ProgressView("Reading your session…").accessibilityIdentifier("loading")
        case .welcome(let reason): WelcomeView(model: model, reason: reason)
        case .locked: LockedView(model: model)
        case .home: if let session = model.session { HomeView(model: model, session: session).lockable(by: model) }
        case .unavailable(let error): UnavailableView(model: model, error: error) { isEditingSettings = true }
        }
    }

    @ViewBuilder private func destination(_ place: Place) -> some View {
        if let session = model.session, let history = model.history {
            switch place {
            case .profile: ProfileView(session: session)
            case .metadata: MetadataView(session: session.session)
            case .request: RequestView(session: session.session, address: model.settings.exampleRequest)
            case .inspector: InspectorView(session: session.session, history: history)
            // The settings are shown in a sheet, not in the navigation stack.
            case .settings: EmptyView()
            }
        }
    }
}
