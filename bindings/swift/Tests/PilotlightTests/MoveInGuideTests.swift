import Foundation
import Testing

/// What a guide shows compiles: its code is in MoveInGuide.swift, word for word.
@Suite struct MoveInGuideTests {
    @Test func theGuidesCodeIsWhatIsCompiledHere() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let guide = try text(folder.appendingPathComponent("../../../../docs/guides/move-in.md"))
        let compiled = try text(folder.appendingPathComponent("MoveInGuide.swift"))
        let blocks = guide.components(separatedBy: "```swift\n").dropFirst().map { block in
            block.components(separatedBy: "```")[0]
        }
        #expect(blocks.count == 5)
        for block in blocks {
            #expect(compiled.contains(block))
        }
    }

    private func text(_ url: URL) throws -> String {
        String(decoding: try Data(contentsOf: url), as: UTF8.self)
    }
}
