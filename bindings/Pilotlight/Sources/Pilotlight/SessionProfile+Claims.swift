import Foundation
internal import PilotlightCore

extension SessionProfile {
    /// Every claim that has no property here, as the issuer sent it; also a standard claim whose value does not have
    /// its standard type. It is parsed from text at each call: keep the result if you need it often.
    public var otherClaims: [String: SessionJSON] {
        (try? JSONText.object(core.otherClaimsJson)) ?? [:]
    }

    /// All claims by their standard names (OpenID Connect Core 5.1) and with their standard types: `given_name`,
    /// `email_verified` …, and ``otherClaims``. `updated_at` is in seconds since 1970.
    public var claims: [String: SessionJSON] {
        let standard: [String: SessionJSON?] = [
            "sub": .string(subject),
            "name": name.map(SessionJSON.string),
            "given_name": givenName.map(SessionJSON.string),
            "family_name": familyName.map(SessionJSON.string),
            "middle_name": middleName.map(SessionJSON.string),
            "nickname": nickname.map(SessionJSON.string),
            "preferred_username": preferredUsername.map(SessionJSON.string),
            "profile": profilePage.map(SessionJSON.string),
            "picture": picture.map(SessionJSON.string),
            "website": website.map(SessionJSON.string),
            "email": email.map(SessionJSON.string),
            "email_verified": emailVerified.map(SessionJSON.bool),
            "gender": gender.map(SessionJSON.string),
            "birthdate": birthdate.map(SessionJSON.string),
            "zoneinfo": zoneinfo.map(SessionJSON.string),
            "locale": locale.map(SessionJSON.string),
            "phone_number": phoneNumber.map(SessionJSON.string),
            "phone_number_verified": phoneNumberVerified.map(SessionJSON.bool),
            "address": address.map { .object($0.claims) },
            "updated_at": updatedAt.flatMap { Int64(exactly: $0.timeIntervalSince1970.rounded(.down)) }.map(
                SessionJSON.integer),
        ]
        return otherClaims.merging(standard.compactMapValues(\.self)) { $1 }
    }
}

extension SessionProfile.Address {
    /// The address by its standard member names (OpenID Connect Core 5.1.1).
    public var claims: [String: SessionJSON] {
        let standard: [String: String?] = [
            "formatted": formatted, "street_address": streetAddress, "locality": locality, "region": region,
            "postal_code": postalCode, "country": country,
        ]
        return standard.compactMapValues { $0.map(SessionJSON.string) }
    }
}

extension SessionProfile: Codable {
    private enum Keys: String, CodingKey {
        case claims, fetchedAt
    }

    /// Reads what ``encode(to:)`` wrote.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        let claims = try container.decode([String: SessionJSON].self, forKey: .claims)
        guard
            let core = PilotlightCore.UserProfile(
                claims: claims, fetchedAt: try container.decode(Date.self, forKey: .fetchedAt))
        else {
            throw DecodingError.dataCorruptedError(forKey: .claims, in: container, debugDescription: "there is no sub")
        }
        self.init(core)
    }

    /// Writes `claims`, by their standard names, and `fetchedAt`. This is personal data: protect it where you store it.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(claims, forKey: .claims)
        try container.encode(fetchedAt, forKey: .fetchedAt)
    }
}

extension PilotlightCore.UserProfile {
    /// Creates a profile from claims by their standard names. A claim whose value does not have the standard type stays among
    /// the other claims. Nil without a `sub`.
    init?(claims: [String: SessionJSON], fetchedAt: Date) {
        var others = claims
        func take<Value>(_ name: String, _ read: (SessionJSON) -> Value?) -> Value? {
            guard let value = others[name].flatMap(read) else { return nil }
            others[name] = nil
            return value
        }
        func string(_ name: String) -> String? { take(name, \.stringValue) }
        guard let subject = string("sub"), !subject.isEmpty else { return nil }
        self.init(
            subject: subject, name: string("name"), givenName: string("given_name"), familyName: string("family_name"),
            middleName: string("middle_name"), nickname: string("nickname"),
            preferredUsername: string("preferred_username"), profilePage: string("profile"), picture: string("picture"),
            website: string("website"), email: string("email"), emailVerified: take("email_verified", \.boolValue),
            gender: string("gender"), birthdate: string("birthdate"), zoneinfo: string("zoneinfo"),
            locale: string("locale"), phoneNumber: string("phone_number"),
            phoneNumberVerified: take("phone_number_verified", \.boolValue),
            address: take("address") { PilotlightCore.Address(claims: $0) },
            updatedAt: take("updated_at", \.dateValue),
            otherClaimsJson: (try? JSONText.text(of: others, argument: "claims")) ?? "{}", fetchedAt: fetchedAt)
    }
}

extension PilotlightCore.Address {
    /// Nil unless `claims` is an object with only strings and only standard names, so that nothing is lost.
    fileprivate init?(claims: SessionJSON) {
        guard let object = claims.objectValue else { return nil }
        self.init(
            formatted: object["formatted"]?.stringValue, streetAddress: object["street_address"]?.stringValue,
            locality: object["locality"]?.stringValue, region: object["region"]?.stringValue,
            postalCode: object["postal_code"]?.stringValue, country: object["country"]?.stringValue)
        guard SessionProfile.Address(self).claims == object else { return nil }
    }
}
