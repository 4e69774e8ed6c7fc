// Toolbars, styles of controls, text entry and accessibility.
import UIKit

@available(iOS 14.0, macOS 11.0, *)
public struct ToolbarItemPlacement: Sendable {
    public static let topBarLeading = ToolbarItemPlacement()
    public static let topBarTrailing = ToolbarItemPlacement()
    public static let confirmationAction = ToolbarItemPlacement()
    public static let cancellationAction = ToolbarItemPlacement()
}

@available(iOS 14.0, macOS 11.0, *)
@MainActor @preconcurrency
public protocol ToolbarContent {}

@available(iOS 14.0, macOS 11.0, *)
public struct ToolbarItem<ID, Content: View>: ToolbarContent {}

@available(iOS 14.0, macOS 11.0, *)
extension ToolbarItem where ID == () {
    nonisolated public init(placement: ToolbarItemPlacement, @ViewBuilder content: () -> Content) {}
}

@available(iOS 14.0, macOS 11.0, *)
public struct TupleToolbarContent<T>: ToolbarContent {}

@available(iOS 14.0, macOS 11.0, *)
@resultBuilder
public struct ToolbarContentBuilder {
    public static func buildExpression<Content: ToolbarContent>(_ content: Content) -> Content { content }
    public static func buildBlock<Content: ToolbarContent>(_ content: Content) -> Content { content }
    @_disfavoredOverload
    public static func buildBlock<each Content: ToolbarContent>(
        _ content: repeat each Content
    ) -> TupleToolbarContent<(repeat each Content)> { fatalError() }
}

@available(iOS 15.0, macOS 12.0, *)
public protocol PrimitiveButtonStyle {}
@available(iOS 15.0, macOS 12.0, *)
public struct BorderedProminentButtonStyle: PrimitiveButtonStyle {}
@available(iOS 15.0, macOS 12.0, *)
public struct BorderlessButtonStyle: PrimitiveButtonStyle {}

@available(iOS 15.0, macOS 12.0, *)
extension PrimitiveButtonStyle where Self == BorderedProminentButtonStyle {
    public static var borderedProminent: BorderedProminentButtonStyle { BorderedProminentButtonStyle() }
}

@available(iOS 15.0, macOS 12.0, *)
extension PrimitiveButtonStyle where Self == BorderlessButtonStyle {
    public static var borderless: BorderlessButtonStyle { BorderlessButtonStyle() }
}

@available(iOS 14.0, macOS 11.0, *)
public protocol LabelStyle {}
@available(iOS 14.0, macOS 11.0, *)
public struct IconOnlyLabelStyle: LabelStyle {}

@available(iOS 14.0, macOS 11.0, *)
extension LabelStyle where Self == IconOnlyLabelStyle {
    public static var iconOnly: IconOnlyLabelStyle { IconOnlyLabelStyle() }
}

public enum ControlSize: Sendable {
    case small
    case regular
    @available(iOS 15.0, macOS 11.0, *)
    case large
}

public enum Visibility: Sendable {
    case automatic
    case visible
    case hidden
}

@available(iOS 15.0, macOS 12.0, *)
public protocol TextSelectability {}
@available(iOS 15.0, macOS 12.0, *)
public struct EnabledTextSelectability: TextSelectability {}

@available(iOS 15.0, macOS 12.0, *)
extension TextSelectability where Self == EnabledTextSelectability {
    public static var enabled: EnabledTextSelectability { EnabledTextSelectability() }
}

// UIKit's, which SwiftUI's modifier takes.
public struct UITextContentType: Hashable, RawRepresentable, Sendable {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public static let givenName = UITextContentType(rawValue: "")
    public static let familyName = UITextContentType(rawValue: "")
    public static let countryName = UITextContentType(rawValue: "")
    @available(iOS 12.0, *) public static let oneTimeCode = UITextContentType(rawValue: "")
}

@available(iOS 15.0, *)
public struct TextInputAutocapitalization: Sendable {
    public static var never: TextInputAutocapitalization { TextInputAutocapitalization() }
}

public struct AccessibilityChildBehavior: Hashable, Sendable {
    public static let ignore = AccessibilityChildBehavior()
    public static let combine = AccessibilityChildBehavior()
    public static let contain = AccessibilityChildBehavior()
}

public struct AccessibilityTraits: SetAlgebra, Sendable {
    public static let isHeader = AccessibilityTraits()
    public static let updatesFrequently = AccessibilityTraits()

    public init() {}
    public func contains(_ member: AccessibilityTraits) -> Bool { fatalError() }
    public func union(_ other: AccessibilityTraits) -> AccessibilityTraits { fatalError() }
    public func intersection(_ other: AccessibilityTraits) -> AccessibilityTraits { fatalError() }
    public func symmetricDifference(_ other: AccessibilityTraits) -> AccessibilityTraits { fatalError() }
    public mutating func insert(
        _ newMember: AccessibilityTraits
    ) -> (inserted: Bool, memberAfterInsert: AccessibilityTraits) { fatalError() }
    public mutating func remove(_ member: AccessibilityTraits) -> AccessibilityTraits? { fatalError() }
    public mutating func update(with newMember: AccessibilityTraits) -> AccessibilityTraits? { fatalError() }
    public mutating func formUnion(_ other: AccessibilityTraits) {}
    public mutating func formIntersection(_ other: AccessibilityTraits) {}
    public mutating func formSymmetricDifference(_ other: AccessibilityTraits) {}
}

extension View {
    @available(iOS 14.0, macOS 11.0, *)
    nonisolated public func toolbar<Content: ToolbarContent>(
        @ToolbarContentBuilder content: () -> Content
    ) -> some View { EmptyView() }
    @available(iOS 14.0, macOS 11.0, *)
    nonisolated public func toolbar<Content: View>(@ViewBuilder content: () -> Content) -> some View { EmptyView() }
    @available(iOS 15.0, macOS 12.0, *)
    nonisolated public func buttonStyle<S: PrimitiveButtonStyle>(_ style: S) -> some View { EmptyView() }
    @available(iOS 14.0, macOS 11.0, *)
    nonisolated public func labelStyle<S: LabelStyle>(_ style: S) -> some View { EmptyView() }
    @available(iOS 15.0, macOS 10.15, *)
    nonisolated public func controlSize(_ controlSize: ControlSize) -> some View { EmptyView() }
    @available(iOS 15.0, macOS 12.0, *)
    nonisolated public func confirmationDialog<A: View, M: View>(
        _ titleKey: LocalizedStringKey, isPresented: Binding<Bool>, titleVisibility: Visibility = .automatic,
        @ViewBuilder actions: () -> A, @ViewBuilder message: () -> M
    ) -> some View { EmptyView() }
    @available(iOS 15.0, macOS 12.0, *)
    nonisolated public func textSelection<S: TextSelectability>(_ selectability: S) -> some View { EmptyView() }
    nonisolated public func textContentType(_ textContentType: UITextContentType?) -> some View { EmptyView() }
    @available(iOS 15.0, *)
    nonisolated public func textInputAutocapitalization(
        _ autocapitalization: TextInputAutocapitalization?
    ) -> some View { EmptyView() }
    nonisolated public func autocorrectionDisabled(_ disable: Bool = true) -> some View { EmptyView() }
    nonisolated public func accessibilityElement(
        children: AccessibilityChildBehavior = .contain
    ) -> some View { EmptyView() }
    @available(iOS 14.0, macOS 11.0, *)
    nonisolated public func accessibilityLabel(_ label: Text) -> some View { EmptyView() }
    @available(iOS 14.0, macOS 11.0, *)
    nonisolated public func accessibilityValue(_ value: Text) -> some View { EmptyView() }
    nonisolated public func keyboardType(_ type: UIKeyboardType) -> some View { EmptyView() }
    nonisolated public func onAppear(perform action: (() -> Void)? = nil) -> some View { EmptyView() }
    @available(iOS 15.0, macOS 12.0, *)
    nonisolated public func privacySensitive(_ sensitive: Bool = true) -> some View { EmptyView() }
    @available(iOS 14.0, macOS 11.0, *)
    nonisolated public func accessibilityHidden(_ hidden: Bool) -> some View { EmptyView() }
    @available(iOS 14.0, macOS 11.0, *)
    nonisolated public func accessibilityAddTraits(_ traits: AccessibilityTraits) -> some View { EmptyView() }
}
