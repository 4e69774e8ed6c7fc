import Foundation
import Pilotlight
import Testing

@Suite struct JSONValueTests {
    @Test func literalsMakeValues() {
        let value: JSONValue = [
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
        #expect(JSONValue.string("1").intValue == nil)
        #expect(JSONValue.integer(1).stringValue == nil)
        #expect(JSONValue.bool(true).intValue == nil)
        #expect(JSONValue.integer(1).boolValue == nil)
        #expect(JSONValue.integer(7).doubleValue == 7)
        #expect(JSONValue.double(7).intValue == 7)
        #expect(JSONValue.double(7.5).intValue == nil)
        #expect(JSONValue.null.isNull)
        #expect(JSONValue.array([1])[1] == nil)
        #expect(JSONValue.array([1])[-1] == nil)
        #expect(JSONValue.string("x")["y"] == nil)
        #expect(JSONValue.object(["y": 1]).arrayValue == nil)
    }

    @Test(arguments: [
        "null", "true", "false", "0", "-1", "9223372036854775807", "1.5", "\"\"", "\"\\u00e9\\n\\\"\"", "[]", "{}",
        "[1,[2,{\"a\":[null]}]]", "{\"a\":{\"b\":{\"c\":\"d\"}},\"https://example.com/roles\":[\"admin\"]}",
    ])
    func whatIsReadIsWrittenAgain(text: String) throws {
        let value = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
        let again = try JSONDecoder().decode(JSONValue.self, from: try JSONEncoder().encode(value))
        #expect(again == value)
        let reference = try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed) as? NSObject
        let written =
            try JSONSerialization.jsonObject(
                with: try JSONEncoder().encode(value), options: .fragmentsAllowed) as? NSObject
        #expect(written == reference)
    }

    @Test func anIntegerOf64BitsKeepsItsLastDigit() throws {
        let value = try JSONDecoder().decode(JSONValue.self, from: Data("9007199254740993".utf8))
        #expect(value == .integer(9_007_199_254_740_993))
    }

    @Test func aNumberBeyondDoubleIsAnError() {
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(JSONValue.self, from: Data("[1".utf8)) }
        #expect(throws: EncodingError.self) { try JSONEncoder().encode(JSONValue.double(.nan)) }
    }
}

@Suite struct ProfileClaimsTests {
    @Test func aProfileIsItsClaims() {
        let profile = UserProfile(
            subject: "1", givenName: "Ada", emailVerified: false, address: Address(locality: "London"),
            updatedAt: Date(timeIntervalSince1970: 1_700_000_000),
            otherClaimsJson: #"{"https://example.com/roles":["admin"],"sub":"another"}"#, fetchedAt: Date())
        #expect(profile.otherClaims["https://example.com/roles"] == ["admin"])
        #expect(
            profile.claims == [
                "sub": "1", "given_name": "Ada", "email_verified": false, "address": ["locality": "London"],
                "updated_at": 1_700_000_000, "https://example.com/roles": ["admin"],
            ])
    }
}
