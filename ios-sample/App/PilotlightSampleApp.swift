import SampleKit
import SwiftUI

@main
struct PilotlightSampleApp: App {
    private let model: AppModel
    private let starts: Bool

    init() {
        (model, starts) = Launch.model(arguments: Array(CommandLine.arguments.dropFirst()))
    }

    var body: some Scene {
        WindowGroup {
            RootView(model: model)
                .task { if starts { await model.start() } }
        }
    }
}
