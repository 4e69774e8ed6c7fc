import Pilotlight
import SampleKit
import SwiftUI

/// The screen that the session's state asks for, and those that are opened from it.
struct RootView: View {
    let model: AppModel
    @State private var path: [Place]
    @State private var isEditingSettings: Bool

    /// - Parameter place: What is open at once.
    init(model: AppModel, opening place: Place? = nil) {
        self.model = model
        let opened = place.map { $0 == .settings ? [] : [$0] } ?? []
        _path = State(initialValue: opened)
        _isEditingSettings = State(initialValue: place == .settings)
    }

    var body: some View {
        NavigationStack(path: $path) {
            screen
                .safeAreaInset(edge: .top) {
                    if let notice = model.notice {
                        NoticeBanner(notice: notice) { model.dismissNotice() }.padding(.horizontal)
                    }
                }
                .toolbar {
                    ToolbarItem(placement: .topBarTrailing) {
                        Button("Settings", systemImage: "gearshape") { isEditingSettings = true }
                            .accessibilityIdentifier("settings")
                    }
                }
                .navigationDestination(for: Place.self) { place in destination(place) }
        }
        .sheet(isPresented: $isEditingSettings) { SettingsView(model: model) }
        .onChange(of: model.session?.state) { Launch.refreshWidget() }
        // What was opened from the home screen goes with the sign-in.
        .onChange(of: model.screen == .home) { if model.screen != .home { path = [] } }
    }

    @ViewBuilder private var screen: some View {
        switch model.screen {
        case .loading: LoadingView()
        case .welcome(let reason): WelcomeView(model: model, reason: reason)
        case .locked: LockedView(model: model)
        case .home: HomeView(model: model)
        case .unavailable(let advice, let settingsHelp):
            UnavailableView(advice: advice) {
                if settingsHelp { isEditingSettings = true } else { Task { await model.start() } }
            } action: {
                if settingsHelp { Text("Open Settings") } else { Text("Try Again") }
            }
        }
    }

    @ViewBuilder private func destination(_ place: Place) -> some View {
        if let session = model.session?.session {
            switch place {
            case .profile: ProfileView(session: session)
            case .metadata: MetadataView(session: session)
            case .request: RequestView(session: session, address: model.settings.exampleRequest)
            case .inspector: InspectorView(model: model)
            // A sheet, not a place on the way.
            case .settings: EmptyView()
            }
        }
    }
}
