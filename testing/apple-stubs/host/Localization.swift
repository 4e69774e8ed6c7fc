// Of Apple's Foundation, what Foundation on Linux does not have; see scripts/apple/swift_oldest.py.
@_exported import Foundation

extension String {
    public struct LocalizationValue: Equatable, ExpressibleByStringInterpolation, Sendable {
        public init(_ value: String) {}
        public init(stringLiteral value: String) {}
    }

    public init(localized keyAndValue: String.LocalizationValue, table: String? = nil) { fatalError() }
}
