import Pilotlight
import SampleKit
import SwiftUI

/// The screen that the session's state asks for.
struct RootView: View {
    let model: AppModel
    @State private var isEditingSettings = false

    var body: some View {
        NavigationStack {
            screen
                .toolbar {
                    ToolbarItem(placement: .topBarTrailing) {
                        Button("Settings", systemImage: "gearshape") { isEditingSettings = true }
                            .accessibilityIdentifier("settings")
                    }
                }
        }
        .sheet(isPresented: $isEditingSettings) { SettingsView(model: model) }
        .onChange(of: model.session?.state) { Launch.refreshWidget() }
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
}
