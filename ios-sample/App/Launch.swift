import Foundation
import Pilotlight
import SampleKit
import WidgetKit

/// What the app begins with.
///
/// - `-stub STATE` shows a state without an issuer: `SampleKit.StubState` lists them.
/// - `-screen NAME` opens the screen of that name at once: `SampleKit.Place` lists them.
/// - `-private-browser` chooses that in the settings: no dialogue of the system's comes before the sheet.
/// - The flags of the terminal sample (`--domain`, `--client-id`, `--param sign_in_as=…` …) change the saved settings.
@MainActor
enum Launch {
    static func model(arguments: [String]) -> (model: AppModel, starts: Bool) {
        if let stub = StubState(arguments: arguments) { return (stub.model(), stub.starts) }
        guard let places = SharedPlaces(infoPlist: Bundle.main.object(forInfoDictionaryKey:)) else {
            preconditionFailure("a key of Config/App-Info.plist is missing")
        }
        let store = SharedSettingsStore(appGroup: places.appGroup)
        let model = AppModel(
            store: store, override: { merge(arguments, into: $0) },
            // As if an earlier version of this app had been built with Auth0.swift.
            migrate: { try await $0.importSession(from: .auth0CredentialsManager()) }
        ) { settings in
            try settings.sessionSettings.makeSession(
                storage: settings.storage(in: places, prompt: String(localized: "Your session is protected.")))
        }
        return (model, true)
    }

    /// What is on the command line and is not the sample's, such as what Xcode adds, changes nothing.
    private static func merge(_ arguments: [String], into settings: AppSettings) -> AppSettings {
        var settings = settings
        if arguments.contains("-private-browser") { settings.isEphemeral = true }
        let known = arguments.drop { !$0.hasPrefix("--") }
        guard !known.isEmpty,
            let scanner = try? ArgumentScanner(
                Array(known), flags: Set(SessionSettings.flags.map(\.name)),
                switches: Set(SessionSettings.switches.map(\.name))),
            let given = try? SessionSettings(scanner, environment: [:])
        else { return settings }
        return settings.merging(given)
    }

    /// The widget shows the session too.
    static func refreshWidget() {
        WidgetCenter.shared.reloadAllTimelines()
    }
}
