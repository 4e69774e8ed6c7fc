public protocol ShapeStyle: Sendable {}

public struct Color: PrimitiveView, ShapeStyle, Equatable {
    nonisolated init() {}
    nonisolated public static let accentColor = Color()
    nonisolated public static let primary = Color()
    nonisolated public static let secondary = Color()
    nonisolated public static let white = Color()
    nonisolated public static let red = Color()
    nonisolated public static let orange = Color()
    nonisolated public static let green = Color()
    nonisolated public static let clear = Color()
    nonisolated public func opacity(_ opacity: Double) -> Color { self }
}

@available(iOS 15.0, macOS 12.0, *)
extension ShapeStyle where Self == Color {
    public static var white: Color { Color.white }
    public static var red: Color { Color.red }
    public static var orange: Color { Color.orange }
    public static var green: Color { Color.green }
}

public struct HierarchicalShapeStyle: ShapeStyle {}

@available(iOS 15.0, macOS 12.0, *)
extension ShapeStyle where Self == HierarchicalShapeStyle {
    public static var primary: HierarchicalShapeStyle { HierarchicalShapeStyle() }
    public static var secondary: HierarchicalShapeStyle { HierarchicalShapeStyle() }
    public static var tertiary: HierarchicalShapeStyle { HierarchicalShapeStyle() }
}

public struct TintShapeStyle: ShapeStyle {}

@available(iOS 15.0, macOS 12.0, *)
extension ShapeStyle where Self == TintShapeStyle {
    public static var tint: TintShapeStyle { TintShapeStyle() }
}

public struct BackgroundFillStyle: ShapeStyle {}

@available(iOS 15.0, macOS 12.0, *)
extension ShapeStyle where Self == BackgroundFillStyle {
    @available(iOS 17.0, macOS 14.0, *)
    public static var fill: BackgroundFillStyle { BackgroundFillStyle() }
    public static var background: BackgroundFillStyle { BackgroundFillStyle() }
}

@available(iOS 15.0, macOS 12.0, *)
public struct Material: ShapeStyle {}

@available(iOS 15.0, macOS 12.0, *)
extension ShapeStyle where Self == Material {
    public static var regularMaterial: Material { Material() }
}

public protocol Shape: View, Sendable {}

public struct Circle: PrimitiveView, Shape {
    nonisolated public init() {}
}

public struct RoundedRectangle: PrimitiveView, Shape {
    nonisolated public init(cornerRadius: CGFloat) {}
}

public struct Font: Hashable, Sendable {
    public static let largeTitle = Font()
    public static let title = Font()
    @available(iOS 14.0, *) public static let title2 = Font()
    public static let headline = Font()
    public static let subheadline = Font()
    public static let body = Font()
    public static let callout = Font()
    public static let footnote = Font()
    public static let caption = Font()
    public func bold() -> Font { self }
    @available(iOS 15.0, *) public func monospacedDigit() -> Font { self }
    @available(iOS 15.0, *) public func monospaced() -> Font { self }
}
