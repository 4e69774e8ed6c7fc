import Pilotlight
import SampleKit
import SwiftUI
import WidgetKit

/// The session on the home screen: read from the Keychain through the access group, never renewed or changed.
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
    let glance: SessionGlance
}

struct GlanceProvider: TimelineProvider {
    func placeholder(in context: Context) -> GlanceEntry {
        GlanceEntry(date: Date(), glance: .signedIn(name: "Ada Lovelace", until: Date().addingTimeInterval(3600)))
    }

    func getSnapshot(in context: Context, completion: @escaping @Sendable (GlanceEntry) -> Void) {
        if context.isPreview { return completion(placeholder(in: context)) }
        Task { completion(await Self.entry()) }
    }

    /// The app reloads the widget at every change of state; besides that, once in a while is enough.
    func getTimeline(in context: Context, completion: @escaping @Sendable (Timeline<GlanceEntry>) -> Void) {
        Task {
            completion(Timeline(entries: [await Self.entry()], policy: .after(Date().addingTimeInterval(1800))))
        }
    }

    private static func entry() async -> GlanceEntry {
        GlanceEntry(date: Date(), glance: await SessionGlance.look(at: await session()))
    }

    @MainActor
    private static func session() -> Session? {
        guard let places = SharedPlaces(infoPlist: Bundle.main.object(forInfoDictionaryKey:)),
            let settings = SharedSettingsStore(appGroup: places.appGroup).load(),
            let configuration = try? settings.sessionSettings.configuration()
        else { return nil }
        let storage = settings.storage(in: places, prompt: "")
        return try? Session(configuration, storage: storage, readOnly: true)
    }
}
