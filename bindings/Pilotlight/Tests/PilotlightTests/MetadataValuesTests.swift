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
