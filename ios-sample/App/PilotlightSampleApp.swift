import SampleKit
import SwiftUI

@main
struct PilotlightSampleApp: App {
    private let model = Launch.model()

    var body: some Scene {
        WindowGroup {
            RootView(model: model, opening: Launch.place, starts: Launch.stub != .loading)
        }
    }
}
