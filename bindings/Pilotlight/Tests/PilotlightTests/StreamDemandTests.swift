import Testing

@testable import Pilotlight

/// The demand counter of the Combine publishers, which can be tested without Combine.
@Suite struct StreamDemandTests {
    @Test func asManyAreHandedOverAsWereAskedFor() async {
        let demand = StreamDemand()
        demand.add(2)
        #expect(await demand.next())
        #expect(await demand.next())
        demand.end()
        #expect(await !demand.next())
    }

    @Test func oneWaitsUntilMoreIsAskedFor() async {
        let demand = StreamDemand()
        async let handedOver = [demand.next(), demand.next()]
        demand.add(0)
        demand.add(1)
        demand.add(1)
        #expect(await handedOver == [true, true])
        async let third = demand.next()
        demand.end()
        #expect(await !third)
    }

    @Test func withoutALimitNoneWaits() async {
        let demand = StreamDemand()
        demand.add(nil)
        demand.add(1)
        for _ in 0..<100 { #expect(await demand.next()) }
    }
}
