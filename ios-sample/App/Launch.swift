import Pilotlight
import SampleKit
import SwiftUI
import WidgetKit

/// How the app starts. Launch arguments, which the system puts into the user defaults, change that:
///
/// - `-stub STATE` shows a state without an issuer: `SampleKit.StubState` lists the states.
/// - `-screen NAME` opens the screen of that name at once: `SampleKit.Place` lists the screens.
/// - `-domain DOMAIN -client-id ID -redirect-uri URI -sign-in-as USER -other-client-id ID -private-browser YES` change settings.
@MainActor
enum Launch {
    private static let arguments = UserDefaults.standard
    static var stub: StubState? { arguments.string(forKey: "stub").flatMap(StubState.init) }
    static var place: Place? { arguments.string(forKey: "screen").flatMap(Place.init) }

    static func model() -> AppModel {
        if let stub { return stub.model() }
        guard let places = SharedPlaces(infoPlist: Bundle.main.object(forInfoDictionaryKey:)) else {
            preconditionFailure("a key of Config/App-Info.plist is missing")
        }
        var settings = AppSettings(savedIn: places.defaults) ?? AppSettings()
        if let domain = arguments.string(forKey: "domain") { (settings.isAuth0, settings.address) = (true, domain) }
        if let clientID = arguments.string(forKey: "client-id") { settings.clientID = clientID }
        if let redirectURI = arguments.string(forKey: "redirect-uri") { settings.redirectURI = redirectURI }
        if let user = arguments.string(forKey: "sign-in-as") { settings.parameters["sign_in_as"] = user }
        if let other = arguments.string(forKey: "other-client-id") { settings.otherClientID = other }
        if arguments.bool(forKey: "private-browser") { settings.isEphemeral = true }
        settings.save(in: places.defaults)
        return AppModel(
            settings: settings, save: { $0.save(in: places.defaults) },
            // Imports as if an earlier version of this app had used Auth0.swift.
            migrate: { try await $0.importSession(from: .auth0CredentialsManager()) }
        ) { settings in
            let configuration = settings.configuration()
            let reason = String(localized: "Your session is protected.")
            let storage = settings.storage(in: places, prompt: reason)
            let lock = settings.lock(reason: reason, opensFor: DeviceOwnerAuthenticator())
            return (
                try Session(configuration, storage: storage, userAuthentication: lock),
                SessionAccounts(
                    configuration, storage: storage, userAuthentication: lock, defaults: places.defaults)
            )
        }
    }
}
