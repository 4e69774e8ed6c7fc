import Pilotlight
import SampleKit
import SwiftUI
import WidgetKit

/// Shows the session on the home screen. It reads the Keychain through the access group, and never renews or changes anything.
@main
struct SessionWidget: Widget {
    var body: some WidgetConfiguration {
        StaticConfiguration(kind: "session", provider: GlanceProvider()) { entry in
            GlanceView(glance: entry.glance).containerBackground(.background, for: .widget)
        }
        .configurationDisplayName("Session")
        .description("Shows who is signed in.")
        .supportedFamilies([.systemSmall])
    }
}

struct GlanceEntry: TimelineEntry, Sendable {
    let date: Date
    let glance: Glance
}

/// What the widget shows: the state (nil if it could not be read or the app was never opened) and the user's name; or why the
/// state could not be read.
struct Glance: Sendable {
    let state: SessionState?
    var name: String?
    var fault: String?
}

struct GlanceProvider: TimelineProvider {
    func placeholder(in context: Context) -> GlanceEntry {
        let state = SessionState.signedIn(subject: "auth0|ada", expiresAt: Date().addingTimeInterval(3600))
        return GlanceEntry(date: Date(), glance: Glance(state: state, name: "Ada Lovelace"))
    }

    func getSnapshot(in context: Context, completion: @escaping @Sendable (GlanceEntry) -> Void) {
        if context.isPreview { return completion(placeholder(in: context)) }
        Task { completion(await Self.entry()) }
    }

    /// The app reloads the widget at every change of state; otherwise an occasional update is enough.
    func getTimeline(in context: Context, completion: @escaping @Sendable (Timeline<GlanceEntry>) -> Void) {
        Task {
            completion(Timeline(entries: [await Self.entry()], policy: .after(Date().addingTimeInterval(1800))))
        }
    }

    private static func entry() async -> GlanceEntry {
        do {
            let session = try await session()
            let state = try await session?.glance()
            let profile = session?.cachedProfile
            return GlanceEntry(date: Date(), glance: Glance(state: state, name: profile?.name ?? profile?.email))
        } catch {
            return GlanceEntry(date: Date(), glance: Glance(state: nil, fault: error.localizedDescription))
        }
    }

    /// The session of the app's current account; nil if the app was never opened.
    @MainActor
    private static func session() throws -> Session? {
        guard let places = SharedPlaces(infoPlist: Bundle.main.object(forInfoDictionaryKey:)),
            let settings = AppSettings(savedIn: places.defaults)
        else { return nil }
        let configuration = settings.configuration()
        let name = SessionAccounts.currentName(for: configuration, in: places.defaults) ?? "default"
        // Never seen here: a widget cannot ask who the user is, so its session is locked.
        let storage = settings.storage(in: places, prompt: String(localized: "Your session is protected."))
        return try Session(configuration, storage: storage, name: name, readOnly: true)
    }
}
