@_exported import SwiftUI

@available(iOS 14.0, macOS 11.0, *)
public protocol TimelineEntry {
    var date: Date { get }
}

@available(iOS 14.0, macOS 11.0, *)
public struct TimelineReloadPolicy: Equatable, Sendable {
    public static func after(_ date: Date) -> TimelineReloadPolicy { fatalError() }
    public static var atEnd: TimelineReloadPolicy { fatalError() }
    public static var never: TimelineReloadPolicy { fatalError() }
}

@available(iOS 14.0, macOS 11.0, *)
public struct Timeline<EntryType: TimelineEntry> {
    public init(entries: [EntryType], policy: TimelineReloadPolicy) {}
}

extension Timeline: Sendable where EntryType: Sendable {}

@available(iOS 14.0, macOS 11.0, *)
public struct TimelineProviderContext {
    public var isPreview: Bool { fatalError() }
}

@available(iOS 14.0, macOS 11.0, *)
public protocol TimelineProvider {
    associatedtype Entry: TimelineEntry
    typealias Context = TimelineProviderContext
    func placeholder(in context: Context) -> Entry
    @preconcurrency func getSnapshot(in context: Context, completion: @escaping @Sendable (Entry) -> Void)
    @preconcurrency func getTimeline(in context: Context, completion: @escaping @Sendable (Timeline<Entry>) -> Void)
}

@available(iOS 14.0, macOS 11.0, *)
public enum WidgetFamily: Sendable {
    case systemSmall
    case systemMedium
}

@available(iOS 14.0, macOS 11.0, *)
public struct WidgetPreviewContext: PreviewContext {
    public init(family: WidgetFamily) {}
}

@available(iOS 14.0, macOS 11.0, *)
@MainActor @preconcurrency
public protocol WidgetConfiguration {
    associatedtype Body: WidgetConfiguration
    @MainActor @preconcurrency var body: Body { get }
}

@available(iOS 14.0, macOS 11.0, *)
extension Never: WidgetConfiguration {}

@available(iOS 14.0, macOS 11.0, *)
public struct StaticConfiguration<Content: View>: WidgetConfiguration {
    @preconcurrency
    public init<Provider: TimelineProvider>(
        kind: String, provider: Provider,
        @ViewBuilder content: @escaping @Sendable @MainActor (Provider.Entry) -> Content
    ) {}
    public var body: Never { fatalError() }
}

@available(iOS 14.0, macOS 11.0, *)
extension WidgetConfiguration {
    public func configurationDisplayName(_ displayNameKey: LocalizedStringKey) -> some WidgetConfiguration { self }
    public func description(_ descriptionKey: LocalizedStringKey) -> some WidgetConfiguration { self }
    public func supportedFamilies(_ families: [WidgetFamily]) -> some WidgetConfiguration { self }
}

@available(iOS 14.0, macOS 11.0, *)
@MainActor @preconcurrency
public protocol Widget {
    associatedtype Body: WidgetConfiguration
    @MainActor @preconcurrency init()
    @MainActor @preconcurrency var body: Body { get }
}

@available(iOS 14.0, macOS 11.0, *)
extension Widget {
    @MainActor @preconcurrency public static func main() {}
}

@available(iOS 17.0, macOS 14.0, *)
public struct ContainerBackgroundPlacement: Sendable {
    public static let widget = ContainerBackgroundPlacement()
}

extension View {
    @available(iOS 17.0, macOS 14.0, *)
    public func containerBackground<S: ShapeStyle>(
        _ style: S, for container: ContainerBackgroundPlacement
    ) -> some View { EmptyView() }
}

@available(iOS 14.0, macOS 11.0, *)
public class WidgetCenter {
    public nonisolated(unsafe) static let shared = WidgetCenter()
    public func reloadAllTimelines() {}
}
