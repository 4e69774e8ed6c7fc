import Foundation
import Observation
import Pilotlight

/// The profile screen: the profile at hand at once, the fresh one when it has come.
@MainActor @Observable
public final class ProfileScreen {
    /// One line of it.
    public struct Row: Equatable, Identifiable, Sendable {
        /// The claim's name.
        public let id: String
        /// The claim's value, as text.
        public let value: String
    }

    /// What there is to show.
    public private(set) var rows: [Row]
    /// Where the user's picture is.
    public private(set) var picture: URL?
    /// What to say, when the profile could not be loaded. The rows stay.
    public private(set) var advice: Advice?
    /// Whether it loads.
    public private(set) var isLoading = false

    private let session: Session

    /// The screen, with the profile of the last launch where there is one.
    public init(_ session: Session) {
        self.session = session
        rows = session.cachedProfile.map(Self.rows) ?? []
        picture = session.cachedProfile?.picture.flatMap(URL.init(string:))
    }

    /// Loads the profile; `refresh` asks the issuer even when there is one.
    public func load(refresh: Bool = false) async {
        isLoading = true
        defer { isLoading = false }
        do {
            let profile = try await session.profile(refresh: refresh)
            rows = Self.rows(of: profile)
            picture = profile.picture.flatMap(URL.init(string:))
            advice = nil
        } catch {
            advice = Advice.about(error)
        }
    }

    /// The lines of a profile: what is there, standard claims first, then the others by name.
    public nonisolated static func rows(of profile: UserProfile) -> [Row] {
        let standard: [(String, String?)] = [
            ("sub", profile.subject), ("name", profile.name), ("given_name", profile.givenName),
            ("middle_name", profile.middleName), ("family_name", profile.familyName), ("nickname", profile.nickname),
            ("preferred_username", profile.preferredUsername), ("email", profile.email),
            ("email_verified", profile.emailVerified.map(String.init)), ("phone_number", profile.phoneNumber),
            ("phone_number_verified", profile.phoneNumberVerified.map(String.init)),
            ("profile", profile.profilePage), ("website", profile.website), ("picture", profile.picture),
            ("gender", profile.gender), ("birthdate", profile.birthdate), ("zoneinfo", profile.zoneinfo),
            ("locale", profile.locale), ("address", profile.address.flatMap(text)),
            ("updated_at", profile.updatedAt.map(text)),
        ]
        let others = profile.otherClaims.sorted { $0.key < $1.key }.map { ($0.key, Optional($0.value.text)) }
        return (standard + others).compactMap { name, value in value.map { Row(id: name, value: $0) } }
    }

    private nonisolated static func text(_ address: Address) -> String? {
        if let formatted = address.formatted { return formatted }
        let parts = [
            address.streetAddress, address.postalCode, address.locality, address.region, address.country,
        ].compactMap(\.self)
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }

    private nonisolated static func text(_ moment: Date) -> String {
        moment.formatted(.iso8601)
    }
}

extension JSONValue {
    /// The value as a person reads it: a string without quotes, everything else as JSON with sorted keys.
    public var text: String {
        if case .string(let value) = self { return value }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
