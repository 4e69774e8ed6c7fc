import Foundation
import PilotlightCore
import Testing

@testable import Pilotlight

@Suite struct SessionJSONTests {
    @Test func literalsMakeValues() {
        let value: SessionJSON = [
            "a": 1, "b": 1.5, "c": "x", "d": true, "e": nil, "f": [1, "two"], "g": ["h": "\(1 + 1)"],
        ]
        #expect(value["a"] == .integer(1))
        #expect(value["b"] == .double(1.5))
        #expect(value["c"] == .string("x"))
        #expect(value["d"] == .bool(true))
        #expect(value["e"] == .null)
        #expect(value["f"]?[1]?.stringValue == "two")
        #expect(value["g"]?["h"]?.stringValue == "2")
    }

    @Test func propertiesReadOnlyTheirOwnKind() {
        #expect(SessionJSON.string("1").intValue == nil)
        #expect(SessionJSON.integer(1).stringValue == nil)
        #expect(SessionJSON.bool(true).intValue == nil)
        #expect(SessionJSON.integer(1).boolValue == nil)
        #expect(SessionJSON.integer(7).doubleValue == 7)
        #expect(SessionJSON.double(7).intValue == 7)
        #expect(SessionJSON.double(7.5).intValue == nil)
        #expect(SessionJSON.null.isNull)
        #expect(SessionJSON.array([1])[1] == nil)
        #expect(SessionJSON.array([1])[-1] == nil)
        #expect(SessionJSON.string("x")["y"] == nil)
        #expect(SessionJSON.object(["y": 1]).arrayValue == nil)
    }

    @Test(arguments: [
        "null", "true", "false", "0", "-1", "9223372036854775807", "1.5", "\"\"", "\"\\u00e9\\n\\\"\"", "[]", "{}",
        "[1,[2,{\"a\":[null]}]]", "{\"a\":{\"b\":{\"c\":\"d\"}},\"https://example.com/roles\":[\"admin\"]}",
    ])
    func whatIsReadIsWrittenAgain(text: String) throws {
        let value = try JSONDecoder().decode(SessionJSON.self, from: Data(text.utf8))
        let again = try JSONDecoder().decode(SessionJSON.self, from: try JSONEncoder().encode(value))
        #expect(again == value)
        let reference = try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed) as? NSObject
        let written =
            try JSONSerialization.jsonObject(
                with: try JSONEncoder().encode(value), options: .fragmentsAllowed) as? NSObject
        #expect(written == reference)
    }

    @Test func anIntegerOf64BitsKeepsItsLastDigit() throws {
        let value = try JSONDecoder().decode(SessionJSON.self, from: Data("9007199254740993".utf8))
        #expect(value == .integer(9_007_199_254_740_993))
    }

    @Test func aNumberBeyondDoubleIsAnError() {
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(SessionJSON.self, from: Data("[1".utf8)) }
        #expect(throws: EncodingError.self) { try JSONEncoder().encode(SessionJSON.double(.nan)) }
    }
}

@Suite struct ProfileClaimsTests {
    @Test func aProfileIsItsClaims() {
        let profile = SessionProfile(
            PilotlightCore.UserProfile(
                subject: "1", givenName: "Ada", emailVerified: false,
                address: PilotlightCore.Address(locality: "London"),
                updatedAt: Date(timeIntervalSince1970: 1_700_000_000),
                otherClaimsJson: #"{"https://example.com/roles":["admin"],"sub":"another"}"#, fetchedAt: Date()))
        #expect(profile.otherClaims["https://example.com/roles"] == ["admin"])
        #expect(
            profile.claims == [
                "sub": "1", "given_name": "Ada", "email_verified": false, "address": ["locality": "London"],
                "updated_at": 1_700_000_000, "https://example.com/roles": ["admin"],
            ])
    }

    @Test func aProfileIsWrittenAndReadAgain() throws {
        let claims: [String: SessionJSON] = [
            "sub": "1", "given_name": "Ada", "email_verified": false, "address": ["locality": "London"],
            "updated_at": 1_700_000_000, "https://example.com/roles": ["admin"], "z": 1, "a": ["b": nil],
        ]
        let profile = try SessionProfile(claims: claims)
        #expect(profile.claims == claims && profile.givenName == "Ada" && profile.address?.locality == "London")
        #expect(profile.id == "1" && profile.otherClaims.keys.sorted() == ["a", "https://example.com/roles", "z"])
        let again = try JSONDecoder().decode(SessionProfile.self, from: try JSONEncoder().encode(profile))
        #expect(again == profile && again.hashValue == profile.hashValue && again.claims == claims)
    }

    /// As in the core, a claim that does not have its standard type is not lost.
    @Test func claimsOfOtherTypesStay() throws {
        let claims: [String: SessionJSON] = [
            "sub": "1", "name": 7, "email_verified": "true", "address": ["locality": "London", "planet": "Earth"],
            "updated_at": 1_700_000_000_000_000,
        ]
        let profile = try SessionProfile(claims: claims)
        #expect(
            profile.name == nil && profile.emailVerified == nil && profile.address == nil && profile.updatedAt == nil)
        #expect(profile.claims == claims)
        #expect(throws: Pilotlight.SessionError.self) { try SessionProfile(claims: ["name": "Ada"]) }
    }
}
