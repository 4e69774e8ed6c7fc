import Foundation
import PilotlightCore

extension UserProfile {
    /// Every claim that is not a field of this record, as the issuer sent it; also a standard claim whose value has
    /// another type than the standard gives it. Read from text at each call: keep the result where it is needed often.
    public var otherClaims: [String: JSONValue] {
        (try? JSONText.object(otherClaimsJson)) ?? [:]
    }

    /// All claims by their standard names (OpenID Connect Core 5.1) and types: `given_name`, `email_verified` …, with
    /// ``otherClaims``. `updated_at` is in seconds since 1970.
    public var claims: [String: JSONValue] {
        let standard: [String: JSONValue?] = [
            "sub": .string(subject),
            "name": name.map(JSONValue.string),
            "given_name": givenName.map(JSONValue.string),
            "family_name": familyName.map(JSONValue.string),
            "middle_name": middleName.map(JSONValue.string),
            "nickname": nickname.map(JSONValue.string),
            "preferred_username": preferredUsername.map(JSONValue.string),
            "profile": profilePage.map(JSONValue.string),
            "picture": picture.map(JSONValue.string),
            "website": website.map(JSONValue.string),
            "email": email.map(JSONValue.string),
            "email_verified": emailVerified.map(JSONValue.bool),
            "gender": gender.map(JSONValue.string),
            "birthdate": birthdate.map(JSONValue.string),
            "zoneinfo": zoneinfo.map(JSONValue.string),
            "locale": locale.map(JSONValue.string),
            "phone_number": phoneNumber.map(JSONValue.string),
            "phone_number_verified": phoneNumberVerified.map(JSONValue.bool),
            "address": address.map { .object($0.claims) },
            "updated_at": updatedAt.flatMap { Int64(exactly: $0.timeIntervalSince1970.rounded(.down)) }.map(JSONValue.integer),
        ]
        return otherClaims.merging(standard.compactMapValues(\.self)) { $1 }
    }
}

extension Address {
    /// The address by the standard's names (OpenID Connect Core 5.1.1).
    public var claims: [String: JSONValue] {
        let standard: [String: String?] = [
            "formatted": formatted, "street_address": streetAddress, "locality": locality, "region": region,
            "postal_code": postalCode, "country": country,
        ]
        return standard.compactMapValues { $0.map(JSONValue.string) }
    }
}
