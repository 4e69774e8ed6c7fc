import Foundation
import Testing

@testable import Pilotlight

@Suite struct ProfileTypesTests {
    private struct Tenant: Decodable, Equatable {
        var id: String
        var seats: Int
    }

    private struct Everything: Decodable {
        var sub: String
        var email_verified: Bool
        var roles: [String]
    }

    private let profile = SessionProfile.preview(
        picture: "https://example.com/ada.png",
        otherClaims: [
            "roles": ["admin", "author"], "beta": true, "age": 36, "height": 1.7, "tenant": ["id": "t", "seats": 12],
            "since": "2024-02-03T04:05:06Z", "seen": "2024-02-03T04:05:06.789+00:00", "last": 1_706_933_106,
            "text": "t",
        ])

    @Test func claimsOfEveryType() throws {
        #expect(profile.string("text") == "t")
        #expect(profile.string("email") == "ada@example.com")
        #expect(profile.bool("beta") == true)
        #expect(profile.int("age") == 36)
        #expect(profile.double("height") == 1.7)
        #expect(profile.array("roles") == ["admin", "author"])
        #expect(profile.object("tenant")?["seats"] == 12)
        let moment = Date(timeIntervalSince1970: 1_706_933_106)
        #expect(profile.date("since") == moment)
        #expect(profile.date("last") == moment)
        let seen = try #require(profile.date("seen"))
        #expect(abs(seen.timeIntervalSince(moment) - 0.789) < 0.001)
        for name in ["text", "missing", "roles"] {
            #expect(profile.bool(name) == nil)
            #expect(profile.int(name) == nil)
            #expect(profile.date(name) == nil)
            #expect(profile.object(name) == nil)
        }
    }

    @Test func claimsAsTypesOfOnesOwn() throws {
        #expect(try profile.claim("tenant", as: Tenant.self) == Tenant(id: "t", seats: 12))
        #expect(try profile.claim("roles", as: [String].self) == ["admin", "author"])
        #expect(try profile.claim("age", as: Int.self) == 36)
        let all = try profile.decode(as: Everything.self)
        #expect(all.sub == profile.subject && all.email_verified && all.roles.count == 2)
        #expect(throws: SessionError.self) { try profile.claim("missing", as: Int.self) }
        #expect(throws: SessionError.self) { try profile.claim("text", as: Tenant.self) }
    }

    @Test func aNumericDateIsTheSameMomentByEachWay() throws {
        struct Claims: Decodable { var auth_time, updated_at: Date }
        let moment = Date(timeIntervalSince1970: 1_800_000_000)
        let profile = try SessionProfile(
            claims: ["sub": "a", "auth_time": 1_800_000_000, "updated_at": "2027-01-15T08:00:00Z"])
        #expect(profile.date("auth_time") == moment)
        #expect(try profile.claim("auth_time", as: Date.self) == moment)
        #expect(try profile.claim("updated_at", as: Date.self) == moment)
        let claims = try profile.decode(as: Claims.self)
        #expect(claims.auth_time == moment && claims.updated_at == moment)
    }

    /// Milliseconds taken for seconds, and what Foundation could not write.
    @Test(arguments: [1_732_000_000_000, -62_135_596_801, 253_402_300_800, 1e300] as [SessionJSON])
    func whatLiesOutsideOfTheYears1To9999IsNoMoment(number: SessionJSON) throws {
        let profile = try SessionProfile(claims: ["sub": "a", "updated_at": number])
        #expect(profile.updatedAt == nil && profile.date("updated_at") == nil && number.dateValue == nil)
        #expect(throws: SessionError.self) { try profile.claim("updated_at", as: Date.self) }
    }

    @Test func itIsCodableHashableAndIdentifiable() throws {
        let written = try JSONEncoder().encode(profile)
        let read = try JSONDecoder().decode(SessionProfile.self, from: written)
        #expect(read == profile && read.claims == profile.claims && read.fetchedAt == profile.fetchedAt)
        #expect(Set([profile, read]).count == 1)
        #expect(profile.id == profile.subject)
        let other = SessionProfile.preview(subject: "auth0|grace")
        #expect(Set([profile, other]).count == 2 && other.id != profile.id)
        // It can be kept in one of the app's own types.
        struct Kept: Codable, Equatable { var profile: SessionProfile? }
        let kept = try JSONDecoder().decode(Kept.self, from: try JSONEncoder().encode(Kept(profile: profile)))
        #expect(kept == Kept(profile: profile))
        #expect(throws: (any Error).self) {
            try JSONDecoder().decode(SessionProfile.self, from: Data(#"{"name":"no subject"}"#.utf8))
        }
    }

    /// An account menu shows it.
    @Test func aUserIsCalledByTheFirstNameThatIsKnown() throws {
        var claims: [String: SessionJSON] = [
            "sub": "auth0|1", "email": "e@example.com", "preferred_username": "u", "nickname": "n", "name": "Ada",
        ]
        for (name, expected) in [
            ("name", "Ada"), ("nickname", "n"), ("preferred_username", "u"), ("email", "e@example.com"),
        ] {
            #expect(try SessionProfile(claims: claims).displayName == expected)
            claims[name] = name == "name" ? " " : nil
        }
        #expect(try SessionProfile(claims: claims).displayName == nil)
    }

    @Test func urlsAndAge() {
        #expect(profile.pictureURL == URL(string: "https://example.com/ada.png"))
        #expect(profile.websiteURL == nil)
        #expect(profile.age(at: profile.fetchedAt.addingTimeInterval(90)) == 90)
        #expect(profile.age(at: profile.fetchedAt.addingTimeInterval(-90)) == 0)
    }
}
