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

    /// How old a profile is shown without asking for a newer one, in seconds. Issuers limit how often one may ask.
    public static let maxAge: TimeInterval = 15 * 60

    /// What there is to show.
    public private(set) var rows: [Row]
    /// Where the user's picture is.
    public private(set) var picture: URL?
    /// The user's roles, from a claim of the app's own; empty where the issuer sends none.
    public private(set) var roles: [String] = []
    /// Whether the issuer made sure that the address is the user's; nil where it does not say.
    public private(set) var isEmailVerified: Bool?
    /// When it was fetched.
    public private(set) var fetchedAt: Date?
    /// What to say, when the profile could not be loaded. The rows stay.
    public private(set) var advice: Advice?
    /// Whether it loads.
    public private(set) var isLoading = false

    private let session: Session

    /// The screen, with the profile of the last launch where there is one.
    public init(_ session: Session) {
        self.session = session
        rows = []
        session.cachedProfile.map(show)
    }

    /// Whether the profile at hand is older than one that would be asked for anew: it is shown all the same.
    public func isStale(at now: Date = Date()) -> Bool {
        fetchedAt.map { now.timeIntervalSince($0) >= Self.maxAge } ?? false
    }

    /// Loads the profile, unless one that is young enough is at hand; `refresh` asks the issuer even then.
    public func load(refresh: Bool = false) async {
        isLoading = true
        defer { isLoading = false }
        do {
            show(try await session.profile(maxAge: refresh ? 0 : Self.maxAge))
            advice = nil
        } catch {
            advice = Advice.about(error)
        }
    }

    private func show(_ profile: SessionProfile) {
        rows = Self.rows(of: profile)
        picture = profile.pictureURL
        // Issuers want the names of an app's own claims to look like URLs.
        roles = (try? profile.claim("https://example.com/roles", as: [String].self)) ?? []
        isEmailVerified = profile.bool("email_verified")
        fetchedAt = profile.fetchedAt
    }

    /// The lines of a profile: what is there, the well-known claims first, then the others by name.
    public nonisolated static func rows(of profile: SessionProfile) -> [Row] {
        let first = [
            "sub", "name", "given_name", "middle_name", "family_name", "nickname", "preferred_username", "email",
            "email_verified", "phone_number", "phone_number_verified", "address",
        ]
        let claims = profile.claims
        let others = Set(claims.keys).subtracting(first).sorted()
        return (first + others).compactMap { name in
            claims[name].map { Row(id: name, value: text(of: $0, named: name)) }
        }
    }

    private nonisolated static func text(of value: SessionJSON, named name: String) -> String {
        switch (name, value) {
        case ("updated_at", .integer(let seconds)):
            Date(timeIntervalSince1970: TimeInterval(seconds)).formatted(.iso8601)
        case ("address", .object(let address)):
            address["formatted"]?.stringValue
                ?? ["street_address", "postal_code", "locality", "region", "country"]
                .compactMap { address[$0]?.stringValue }.joined(separator: ", ")
        default:
            value.text
        }
    }
}

extension SessionJSON {
    /// The value as a person reads it: a string without quotes, everything else as JSON with sorted keys.
    public var text: String {
        if case .string(let value) = self { return value }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
