import SampleKit
import SwiftUI

@main
struct PilotlightSampleApp: App {
    private let model: AppModel
    private let starts: Bool
    private let place: Place?

    init() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        (model, starts) = Launch.model(arguments: arguments)
        place = Place(arguments: arguments)
    }

    var body: some Scene {
        WindowGroup {
            RootView(model: model, opening: place)
                .task { if starts { await model.start() } }
        }
    }
}
