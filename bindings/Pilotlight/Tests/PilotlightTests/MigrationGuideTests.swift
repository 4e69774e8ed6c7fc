import Foundation
import Testing

/// The code of the guide compiles: MigrationGuide.swift and MigrationGuideByHand.swift contain it word for word.
@Suite struct MigrationGuideTests {
    @Test func theGuidesCodeIsWhatIsCompiledHere() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let guide = try text(
            folder.appendingPathComponent("../../Sources/Pilotlight/Pilotlight.docc/Guides/Migrate.md"))
        let compiled = try ["MigrationGuide.swift", "MigrationGuideByHand.swift"].map {
            try text(folder.appendingPathComponent($0))
        }
        let blocks = guide.components(separatedBy: "```swift\n").dropFirst().map { block in
            block.components(separatedBy: "```")[0]
        }
        // Two blocks at the beginning, and three for each of four libraries: by hand, now, migrating.
        #expect(blocks.count == 2 + 4 * 3)
        for block in blocks {
            #expect(compiled.contains { $0.contains(block) }, "\(block)")
        }
        let libraries = guide.components(separatedBy: "\n## ").filter { $0.contains("By hand:") }
        #expect(libraries.count == 4)
        for library in libraries {
            for heading in ["By hand:", "Now:", "Migrating:"] {
                #expect(library.contains("\n\(heading)\n\n```swift\n"), "\(library.prefix(20)): \(heading)")
            }
        }
    }

    private func text(_ url: URL) throws -> String {
        String(decoding: try Data(contentsOf: url), as: UTF8.self)
    }
}
