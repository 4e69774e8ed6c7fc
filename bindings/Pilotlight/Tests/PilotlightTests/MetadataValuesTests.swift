import Foundation
import Pilotlight
import Testing

@Suite struct MetadataValuesTests {
    @Test func variablesNeedNoCeremony() async throws {
        let metadata = Session.preview(metadata: ["phone": "1", "kept": true]).metadata
        let (age, name, height, tags) = (36, "Ada", 1.7, ["a", "b"])
        let (nickname, seen): (String?, Date) = (nil, Date(timeIntervalSince1970: 0))
        let after = try await metadata.update([
            "age": age, "name": name, "height": height, "tags": tags, "nickname": nickname, "phone": nil, "seen": seen,
            "visits": ["home": 1],
        ])
        #expect(
            after == [
                "kept": true, "age": 36, "name": "Ada", "height": 1.7, "tags": ["a", "b"],
                "seen": "1970-01-01T00:00:00.000Z", "visits": ["home": 1],
            ])
        #expect(after["seen"]?.dateValue == seen)
        let ages: [String: Int] = ["age": 37]
        #expect(try await metadata.merge(ages)["age"] == 37)
        #expect(try await metadata.replace(with: ["name": name]) == ["name": "Ada"])
        #expect(try await metadata.updateOrWait(["age": age]) == .done(["name": "Ada", "age": 36]))
    }

    private enum Theme: String, SessionJSONConvertible {
        case light, dark
    }

    private enum Level: UInt8, SessionJSONConvertible {
        case low = 1
    }

    @Test func numbersOfEverySizeAndEnumerationsAreValues() async throws {
        let metadata = Session.preview(metadata: [:]).metadata
        let (theme, others): (Theme?, [Theme]) = (.dark, [.light, .dark])
        let after = try await metadata.update([
            "a": Int8.min, "b": Int16.min, "c": Int32.min, "d": UInt8.max, "e": UInt16.max, "f": UInt32.max,
            "g": UInt(7), "h": UInt64(Int64.max), "i": Float(0.5), "theme": theme, "others": others, "level": Level.low,
        ])
        #expect(
            after == [
                "a": -128, "b": -32_768, "c": -2_147_483_648, "d": 255, "e": 65_535, "f": 4_294_967_295, "g": 7,
                "h": .integer(.max), "i": 0.5, "theme": "dark", "others": ["light", "dark"], "level": 1,
            ])
        await #expect(throws: SessionError.self) { try await metadata.update(["x": UInt64.max]) }
        await #expect(throws: SessionError.self) { try await metadata.update(["x": Float.infinity]) }
    }

    private struct Visit: Codable, Equatable {
        var first: Date
        var last: Date?
    }

    /// Each way of writing a date is read by each way of reading one.
    @Test func datesAreTheSameMomentsByEachWay() async throws {
        let (first, last) = (Date(timeIntervalSince1970: 1_800_000_000), Date(timeIntervalSince1970: 1_800_000_000.5))
        let visit = Visit(first: first, last: last)
        let metadata = Session.preview(metadata: [:]).metadata
        let written: [@Sendable () async throws -> Void] = [
            { try await metadata.update(encoding: visit) },
            { try await metadata.update(["first": first, "last": last]) },
            { try await metadata.replace(encoding: visit) },
            { try await metadata.merge(encoding: visit) },
            { try await metadata.updateOrWait(encoding: visit) },
            { try await metadata.update(["first": 1_800_000_000, "last": 1_800_000_000.5]) },
        ]
        for write in written {
            try await metadata.removeAll()
            try await write()
            #expect(try await metadata.get(as: Visit.self) == visit)
            let values = try await metadata.get()
            #expect(values["first"]?.dateValue == first && values["last"]?.dateValue == last)
        }
        try await metadata.replace(with: ["first": "2027-01-15T08:00:00Z"])
        #expect(try await metadata.get(as: Visit.self) == Visit(first: first))
        await #expect(throws: SessionError.self) {
            try await metadata.update(encoding: Visit(first: .distantFuture.addingTimeInterval(1e12)))
        }
        try await metadata.replace(with: ["first": "yesterday"])
        let place: SessionError.Message = #"the JSON does not fit Visit: "first" has a value that is not accepted"#
        await #expect(throws: SessionError.argumentInvalid(argument: "type", message: place)) {
            try await metadata.get(as: Visit.self)
        }
    }

    /// Literals keep their JSON types, at any depth.
    @Test func literalsStayJSON() async throws {
        let metadata = Session.preview(metadata: [:]).metadata
        let after = try await metadata.update(["preferences": ["theme": "dark", "size": 3, "on": true, "gone": nil]])
        #expect(after == ["preferences": ["theme": "dark", "size": 3, "on": true, "gone": nil]])
        let changes: [String: SessionJSON] = ["x": 1]
        #expect(try await metadata.update(changes)["x"] == 1)
        await #expect(throws: SessionError.self) { try await metadata.update(["x": Double.nan]) }
    }
}
