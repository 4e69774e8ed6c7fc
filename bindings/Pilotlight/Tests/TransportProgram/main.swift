import Foundation
import PilotlightCore

@testable import Pilotlight

// Sends requests through URLSession for a test in another language: one JSON object on each line, requests on standard input
// and outcomes on standard output. It ends when its input does.
guard case .app(let made) = try SessionTransport.urlSession().network(proxies: .system),
    let transport = made as? URLSessionTransport
else { fatalError("no URLSession") }
let output = Output()
while let line = readLine() {
    switch try JSONDecoder().decode(Order.self, from: Data(line.utf8)) {
    case .cancel(let id): transport.cancel(id: id)
    case .send(let request):
        transport.send(request) { output.write(Report(request.id, $0)) }
    }
}

/// A line of the input.
enum Order: Decodable {
    case send(TransportRequest)
    case cancel(UInt64)

    private enum Key: String, CodingKey {
        case id, method, url, headers, body, connect, total, longest, cancel
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        if let id = try values.decodeIfPresent(UInt64.self, forKey: .cancel) {
            self = .cancel(id)
            return
        }
        let headers = try values.decode([[String]].self, forKey: .headers)
        self = .send(
            TransportRequest(
                id: try values.decode(UInt64.self, forKey: .id),
                method: try values.decode(String.self, forKey: .method),
                url: try values.decode(String.self, forKey: .url),
                headers: headers.map { TransportHeader(name: $0[0], value: $0[1]) },
                body: try values.decodeIfPresent(Data.self, forKey: .body),
                connectTimeout: try values.decode(UInt64.self, forKey: .connect),
                totalTimeout: try values.decode(UInt64.self, forKey: .total),
                longestBody: try values.decode(UInt64.self, forKey: .longest)))
    }
}

/// A line of the output.
struct Report: Encodable {
    let id: UInt64
    var status: UInt16?
    var headers: [[String]]?
    var body: Data?
    var kind: String?
    var mayHaveBeenProcessed: Bool?

    init(_ id: UInt64, _ outcome: URLSessionExchange.Outcome) {
        self.id = id
        switch outcome {
        case .answered(let response, let body):
            status = UInt16(clamping: response.statusCode)
            headers = response.transportHeaders.map { [$0.name, $0.value] }
            self.body = body
        case .failed(let kind, let mayHaveBeenProcessed):
            self.kind = String(describing: kind)
            self.mayHaveBeenProcessed = mayHaveBeenProcessed
        }
    }
}

/// Standard output, one whole line at a time.
final class Output: Sendable {
    private let lock = NSLock()

    func write(_ report: Report) {
        guard let line = try? JSONEncoder().encode(report) else { return }
        lock.withLock { FileHandle.standardOutput.write(line + Data("\n".utf8)) }
    }
}
