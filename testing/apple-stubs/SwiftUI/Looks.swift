extension Text {
    public struct DateStyle: Sendable {
        public static let time = DateStyle()
        public static let relative = DateStyle()
    }

    @available(iOS 14.0, macOS 11.0, *)
    nonisolated public init(_ date: Date, style: Text.DateStyle) {}
    @available(iOS 16.0, macOS 13.0, *)
    nonisolated public init(
        timerInterval: ClosedRange<Date>, pauseTime: Date? = nil, countsDown: Bool = true, showsHours: Bool = true
    ) {}
    nonisolated public func font(_ font: Font?) -> Text { self }
    nonisolated public func bold() -> Text { self }
    @available(iOS 15.0, macOS 12.0, *)
    nonisolated public func monospacedDigit() -> Text { self }
    @available(iOS 17.0, macOS 14.0, *)
    nonisolated public func foregroundStyle<S: ShapeStyle>(_ style: S) -> Text { self }
    @available(iOS 15.0, macOS 12.0, *)
    nonisolated public init<F: FormatStyle>(
        _ input: F.FormatInput, format: F
    ) where F.FormatInput: Equatable, F.FormatOutput == String {}
}

extension Image {
    @available(iOS 13.0, *)
    public enum Scale: Sendable {
        case small
        case medium
        case large
    }

    @frozen
    public enum Orientation: UInt8, CaseIterable, Hashable, Sendable {
        case up
        case upMirrored
        case down
        case downMirrored
        case left
        case leftMirrored
        case right
        case rightMirrored
    }

    public enum Interpolation: Sendable {
        case none
        case low
        case medium
        case high
    }

    nonisolated public func resizable() -> Image { self }
    nonisolated public func interpolation(_ interpolation: Interpolation) -> Image { self }
}

extension ShapeStyle {
    public func opacity(_ opacity: Double) -> some ShapeStyle { self }
}

extension Shape {
    nonisolated public func fill<S: ShapeStyle>(_ content: S) -> some View { EmptyView() }
}

extension View {
    nonisolated public func padding(_ edges: Edge.Set, _ length: CGFloat? = nil) -> some View { EmptyView() }
    nonisolated public func frame(
        width: CGFloat? = nil, height: CGFloat? = nil, alignment: Alignment = .center
    ) -> some View { EmptyView() }
    nonisolated public func frame(
        minWidth: CGFloat? = nil, maxWidth: CGFloat? = nil, minHeight: CGFloat? = nil, maxHeight: CGFloat? = nil,
        alignment: Alignment = .center
    ) -> some View { EmptyView() }
    nonisolated public func font(_ font: Font?) -> some View { EmptyView() }
    @available(iOS 16.0, macOS 13.0, *)
    nonisolated public func bold(_ isActive: Bool = true) -> some View { EmptyView() }
    @available(iOS 15.0, macOS 12.0, *)
    nonisolated public func monospacedDigit() -> some View { EmptyView() }
    @available(iOS 15.0, macOS 12.0, *)
    nonisolated public func foregroundStyle<S: ShapeStyle>(_ style: S) -> some View { EmptyView() }
    @available(iOS 15.0, macOS 12.0, *)
    nonisolated public func background<S: ShapeStyle, T: Shape>(_ style: S, in shape: T) -> some View { EmptyView() }
    @available(iOS 15.0, macOS 12.0, *)
    nonisolated public func background<S: ShapeStyle>(
        _ style: S, ignoresSafeAreaEdges edges: Edge.Set = .all
    ) -> some View { EmptyView() }
    nonisolated public func clipShape<S: Shape>(_ shape: S) -> some View { EmptyView() }
    nonisolated public func scaledToFill() -> some View { EmptyView() }
    nonisolated public func scaledToFit() -> some View { EmptyView() }
    @available(iOS 13.0, macOS 11.0, *)
    nonisolated public func imageScale(_ scale: Image.Scale) -> some View { EmptyView() }
    nonisolated public func multilineTextAlignment(_ alignment: TextAlignment) -> some View { EmptyView() }
    @available(iOS 15.0, macOS 12.0, *)
    nonisolated public func overlay<V: View>(
        alignment: Alignment = .center, @ViewBuilder content: () -> V
    ) -> some View { EmptyView() }
    nonisolated public func allowsHitTesting(_ enabled: Bool) -> some View { EmptyView() }
    nonisolated public func id<ID: Hashable>(_ id: ID) -> some View { EmptyView() }
    nonisolated public func tag<V: Hashable>(_ tag: V) -> some View { EmptyView() }
    @available(iOS 17.0, macOS 14.0, *)
    nonisolated public func onChange<V: Equatable>(
        of value: V, initial: Bool = false, _ action: @escaping () -> Void
    ) -> some View { EmptyView() }
    nonisolated public func preferredColorScheme(_ colorScheme: ColorScheme?) -> some View { EmptyView() }
    @available(iOS 15.0, macOS 12.0, *)
    nonisolated public func dynamicTypeSize(_ size: DynamicTypeSize) -> some View { EmptyView() }
}

public enum ColorScheme: Sendable {
    case light
    case dark
}

@available(iOS 15.0, macOS 12.0, *)
public enum DynamicTypeSize: Hashable, Sendable {
    case large
    case accessibility3
    public var isAccessibilitySize: Bool { fatalError() }
}

@available(iOS 14.0, macOS 11.0, *)
@propertyWrapper
public struct ScaledMetric<Value> {
    public init(wrappedValue: Value, relativeTo textStyle: Font.TextStyle) {}
    public var wrappedValue: Value { fatalError() }
}

extension ScaledMetric: Sendable where Value: Sendable {}

extension Font {
    public enum TextStyle: Sendable {
        case title
        case body
    }
}

@MainActor @preconcurrency
public protocol PreviewProvider {
    associatedtype Previews: View
    @ViewBuilder @MainActor @preconcurrency static var previews: Previews { get }
}

public protocol PreviewContext {}

extension View {
    nonisolated public func previewDisplayName(_ value: String?) -> some View { EmptyView() }
    nonisolated public func previewContext<C: PreviewContext>(_ value: C) -> some View { EmptyView() }
}
