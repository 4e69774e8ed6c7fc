import Foundation
import IdentityServerSupport
import Testing

#if os(Linux)
/// Servers of tests that run at the same time.
@Suite struct ServerProcessTests {
    /// Otherwise the end of a stopped server would be noticed only when the other server has ended too, whose test may wait for
    /// the thread that waits here.
    @Test func aServerHasNoPipesOfAnothers() async throws {
        let servers = try await withThrowingTaskGroup(of: IdentityServer.self) { group in
            for _ in 0..<100 { group.addTask { try await IdentityServer.start() } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        var owners: [String: Int32] = [:]
        for process in servers.map(\.processIdentifier) {
            for (descriptor, file) in try open(process) where descriptor != "2" {
                let other = owners.updateValue(process, forKey: file) ?? process
                #expect(other == process, "\(file) is open in two servers")
            }
        }
        for server in servers { await server.stop() }
    }

    /// The open pipes and sockets of a process, which have no file name, by their descriptors.
    private func open(_ process: Int32) throws -> [String: String] {
        let folder = "/proc/\(process)/fd"
        let descriptors = try FileManager.default.contentsOfDirectory(atPath: folder)
        let files = descriptors.map {
            ($0, (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)")) ?? "")
        }
        return Dictionary(uniqueKeysWithValues: files).filter {
            $0.value.contains(":[") && !$0.value.hasPrefix("anon_inode")
        }
    }
}
#endif
