import Foundation
internal import PilotlightCore

extension SessionProfile {
    /// ``picture`` as a URL; nil if it is not a URL.
    public var pictureURL: URL? { picture.flatMap(URL.init(string:)) }
    /// ``profilePage`` as a URL; nil if it is not a URL.
    public var profilePageURL: URL? { profilePage.flatMap(URL.init(string:)) }
    /// ``website`` as a URL; nil if it is not a URL.
    public var websiteURL: URL? { website.flatMap(URL.init(string:)) }

    /// The name to show for the user; nil if no claim has one.
    var displayName: String? {
        [name, nickname, preferredUsername, email].compactMap(\.self).first { !$0.allSatisfy(\.isWhitespace) }
    }

    /// How long ago the profile was fetched, in seconds by the device's clock; never negative.
    public func age(at now: Date = Date()) -> TimeInterval {
        max(0, now.timeIntervalSince(fetchedAt))
    }

    /// A claim by its name, as the issuer sent it. It may be a standard or a custom claim; issuers usually require a URL as
    /// the name of a custom claim (`https://example.com/roles`). Nil if there is no such claim.
    public func claim(_ name: String) -> SessionJSON? { claims[name] }
    /// A claim that is a string; nil if it is missing or has another type.
    public func string(_ name: String) -> String? { claim(name)?.stringValue }
    /// A claim that is a Boolean; nil if it is missing or has another type.
    public func bool(_ name: String) -> Bool? { claim(name)?.boolValue }
    /// A claim that is an integer; nil if it is missing or has another type.
    public func int(_ name: String) -> Int? { claim(name)?.intValue }
    /// A claim that is a number; nil if it is missing or has another type.
    public func double(_ name: String) -> Double? { claim(name)?.doubleValue }
    /// A claim that is a date: see ``SessionJSON/dateValue``.
    public func date(_ name: String) -> Date? { claim(name)?.dateValue }
    /// A claim that is an array; nil if it is missing or has another type.
    public func array(_ name: String) -> [SessionJSON]? { claim(name)?.arrayValue }
    /// A claim that is an object; nil if it is missing or has another type.
    public func object(_ name: String) -> [String: SessionJSON]? { claim(name)?.objectValue }

    /// A claim as your own type. Its dates are read as ``SessionJSON/dateValue`` reads them.
    ///
    /// - Throws: ``SessionError/argumentInvalid(argument:message:)`` if the claim is missing or does not fit; the error names
    ///   the place, not the value.
    public func claim<Value: Decodable>(_ name: String, as type: Value.Type) throws -> Value {
        guard let claim = claim(name) else {
            throw SessionError.argumentInvalid(argument: "name", message: "there is no such claim")
        }
        return try JSONText.decode(type, from: try JSONText.text(of: claim, argument: "name"), argument: "type")
    }

    /// All claims, by their names, as your own type. Its dates are read as ``SessionJSON/dateValue`` reads them.
    ///
    /// - Throws: ``SessionError/argumentInvalid(argument:message:)`` when they do not fit.
    public func decode<Value: Decodable>(as type: Value.Type) throws -> Value {
        try JSONText.decode(type, from: try JSONText.text(of: claims, argument: "claims"), argument: "type")
    }
}

extension SessionJSON {
    /// The date: a number of seconds since 1970 (`NumericDate`, RFC 7519 2), or an ISO 8601 string with or without a
    /// fraction of a second. Nil if the value is something else, or a date outside the years 1 to 9999, such as a number of
    /// milliseconds.
    public var dateValue: Date? {
        let date = doubleValue.map(Date.init(timeIntervalSince1970:)) ?? stringValue.flatMap(Self.date(of:))
        return date.flatMap { $0.isWithinYears1To9999 ? $0 : nil }
    }

    private static func date(of text: String) -> Date? {
        let withFraction = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        return (try? Date.ISO8601FormatStyle().parse(text)) ?? (try? withFraction.parse(text))
    }
}

extension Date {
    /// Others cannot be written by ISO 8601, and are no moments of a user's: milliseconds taken for seconds, for example.
    var isWithinYears1To9999: Bool {
        (-62_135_596_800..<253_402_300_800).contains(timeIntervalSince1970)
    }
}
