import Foundation
internal import PilotlightCore

/// The user's claims from the issuer (OpenID Connect Core 5.1). A standard claim whose value does not have its standard type
/// is among ``otherClaims``.
///
/// Printing a profile shows nothing about the user; read the properties, or ``claims``.
public struct SessionProfile: Sendable {
    let core: PilotlightCore.UserProfile

    init(_ core: PilotlightCore.UserProfile) {
        self.core = core
    }

    /// Creates a profile from claims by their standard names, for previews, tests and an app's own store.
    ///
    /// - Throws: ``SessionError/argumentInvalid(argument:message:)`` if there is no `sub`.
    public init(claims: [String: SessionJSON], fetchedAt: Date = Date()) throws {
        guard let core = PilotlightCore.UserProfile(claims: claims, fetchedAt: fetchedAt) else {
            throw SessionError.argumentInvalid(argument: "claims", message: "claims have no sub, which names the user")
        }
        self.core = core
    }

    /// `sub`: the user, unique at the issuer.
    public var subject: String { core.subject }
    /// `name`: the full name in displayable form.
    public var name: String? { core.name }
    /// `given_name`
    public var givenName: String? { core.givenName }
    /// `family_name`
    public var familyName: String? { core.familyName }
    /// `middle_name`
    public var middleName: String? { core.middleName }
    /// `nickname`
    public var nickname: String? { core.nickname }
    /// `preferred_username`: not unique; do not use it as a key.
    public var preferredUsername: String? { core.preferredUsername }
    /// `profile`: URL of the profile page.
    public var profilePage: String? { core.profilePage }
    /// `picture`: URL of the picture.
    public var picture: String? { core.picture }
    /// `website`: URL of the user's website.
    public var website: String? { core.website }
    /// `email`
    public var email: String? { core.email }
    /// `email_verified`: true when the issuer has verified that the address is the user's.
    public var emailVerified: Bool? { core.emailVerified }
    /// `gender`
    public var gender: String? { core.gender }
    /// `birthdate`: `YYYY-MM-DD`, with the year `0000` if it is omitted; or `YYYY` alone.
    public var birthdate: String? { core.birthdate }
    /// `zoneinfo`: the name of a time zone.
    public var zoneinfo: String? { core.zoneinfo }
    /// `locale`: a BCP 47 language tag.
    public var locale: String? { core.locale }
    /// `phone_number`, usually in E.164 form.
    public var phoneNumber: String? { core.phoneNumber }
    /// `phone_number_verified`
    public var phoneNumberVerified: Bool? { core.phoneNumberVerified }
    /// `address`
    public var address: Address? { core.address.map(Address.init) }
    /// `updated_at`: when the profile last changed at the issuer. A number and an RFC 3339 string are both accepted, because
    /// issuers send either. A value outside the years 1 to 9999 (such as a number of milliseconds) stays among
    /// ``otherClaims``.
    public var updatedAt: Date? { core.updatedAt }
    /// When Pilotlight fetched the profile, by the device's clock.
    public var fetchedAt: Date { core.fetchedAt }

    /// A postal address (OpenID Connect Core 5.1.1).
    public struct Address: Hashable, Sendable {
        let core: PilotlightCore.Address

        init(_ core: PilotlightCore.Address) {
            self.core = core
        }

        /// `formatted`: the whole address, for a label; lines are separated by line feeds.
        public var formatted: String? { core.formatted }
        /// `street_address`
        public var streetAddress: String? { core.streetAddress }
        /// `locality`: city or town.
        public var locality: String? { core.locality }
        /// `region`: state, province or prefecture.
        public var region: String? { core.region }
        /// `postal_code`
        public var postalCode: String? { core.postalCode }
        /// `country`
        public var country: String? { core.country }
    }
}

extension SessionProfile: Hashable {
    /// Whether both profiles have the same claims, fetched at the same time.
    public static func == (one: SessionProfile, other: SessionProfile) -> Bool {
        // The other claims are kept as text, in which the same members may have another order.
        one.core == other.core || (one.fetchedAt == other.fetchedAt && one.claims == other.claims)
    }

    /// Hashes ``subject``.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(subject)
    }
}

extension SessionProfile: Identifiable {
    /// The same as ``subject``.
    public var id: String { subject }
}
