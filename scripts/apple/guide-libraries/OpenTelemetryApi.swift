// As much of opentelemetry-swift's module OpenTelemetryApi as the guide "Measure a session" calls, as its sources declare it: so that the guide's
// code compiles without the library. None of it does anything.

enum AttributeValue {
    case string(String)
}

protocol DoubleHistogram {
    mutating func record(value: Double, attributes: [String: AttributeValue])
}

struct StubbedHistogram: DoubleHistogram {
    mutating func record(value: Double, attributes: [String: AttributeValue]) {}
}

struct HistogramBuilder {
    func build() -> StubbedHistogram { StubbedHistogram() }
}

struct Meter {
    func histogramBuilder(name: String) -> HistogramBuilder { HistogramBuilder() }
}

struct MeterProvider: Sendable {
    func get(name: String) -> Meter { Meter() }
}

struct OpenTelemetry: Sendable {
    static let instance = OpenTelemetry()
    let meterProvider = MeterProvider()
}
