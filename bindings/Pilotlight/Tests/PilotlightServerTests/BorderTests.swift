import Foundation
import IdentityServerSupport
import Pilotlight
import Testing

/// Nothing that a server sends or an app passes may cause a trap. Generated answers go through the real bindings, and the tests
/// read everything from them that an app can read.
@Suite struct BorderTests {
    /// JSON values at the limits of types, as text.
    private static let values = [
        "9223372036854775807", "-9223372036854775808", "9223372036854775808", "18446744073709551616", "1e300", "-1e300",
        "1e-400", "1.7976931348623157e308", "-0.0", "0", "253402300800", "1700000000000", "\"9223372036854775807\"",
        "\"1e300\"", "\"NaN\"", "\"\"", "\"0000-00-00T00:00:00Z\"", "\"+292277026596-12-04T15:30:07Z\"", "\"\\u0000\"",
        "\"\\ud83d\\ude00\"", "\"\\u202e\\ufeff\"", "null", "true", "[]", "{}", "[[[[[[[[[[]]]]]]]]]]",
        "{\"a\":{\"a\":{\"a\":null}}}",
        "\"" + String(repeating: "é", count: 2_000) + "\"",
        String(repeating: "[", count: 60) + String(repeating: "]", count: 60),
    ]
    private static let claims = [
        "updated_at", "name", "email_verified", "address", "phone_number_verified", "birthdate", "picture", "zoneinfo",
        "https://example.com/odd",
    ]
    /// Values that an app can pass as a number of seconds.
    private static let intervals: [TimeInterval] = [
        .nan, .infinity, -.infinity, -1, -0.0, 0.5, 1e18, 1e19, 1e300, .greatestFiniteMagnitude, .leastNonzeroMagnitude,
    ]

    @Test func noProfileTraps() async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession()
        var generator = SeededGenerator(seed: 20)
        for round in 0..<32 {
            let members = Self.claims.map { name in
                "\"\(name)\":\(Self.values[round < Self.values.count ? round : generator.next(Self.values.count)])"
            }
            let body = "{\"sub\":\"auth0|ada\",\(members.joined(separator: ","))}"
            try await server.addFault(
                "userinfo",
                [
                    "kind": "status", "status": 200, "headers": ["content-type": "application/json"],
                    "body": .string(body),
                ])
            guard let profile = try? await session.profile(refresh: true) else { continue }
            askEverything(of: profile)
        }
        // As after the next launch, the cached profile is the last one.
        if let kept = session.cachedProfile { askEverything(of: kept) }
        await server.stop()
    }

    private func askEverything(of profile: SessionProfile) {
        _ = (profile.pictureURL, profile.websiteURL, profile.age(), profile.address?.claims)
        for name in Self.claims + ["sub", "missing"] {
            _ = (profile.claim(name), profile.string(name), profile.bool(name), profile.int(name), profile.double(name))
            _ = (profile.date(name), profile.array(name), profile.object(name))
            _ = try? profile.claim(name, as: [String: Int].self)
        }
        _ = try? profile.decode(as: [String: SessionJSON].self)
        let encoded = try? JSONEncoder().encode(profile)
        _ = encoded.flatMap { try? JSONDecoder().decode(SessionProfile.self, from: $0) }
        _ = "\(profile) \(String(reflecting: profile)) \(profile.hashValue)"
    }

    @Test func noMetadataTraps() async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession(metadataAccess: true)
        for value in Self.values {
            guard let json = try? JSONDecoder().decode(SessionJSON.self, from: Data(value.utf8)) else { continue }
            _ = try? await session.metadata.update(["edge": json])
            let read = try? await session.metadata.get()["edge"]
            _ = (read?.intValue, read?.doubleValue, read?.dateValue, read?.stringValue, read?.arrayValue)
        }
        for number in Self.intervals {
            _ = try? await session.metadata.update(["edge": number])
            _ = try? await session.metadata.update(["edge": Date(timeIntervalSince1970: number)])
        }
        await server.stop()
    }

    @Test func noNumberOfSecondsTraps() async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession()
        for seconds in Self.intervals {
            _ = try? await session.accessToken(minTTL: seconds)
            _ = (session.cachedAccessToken(minTTL: seconds), session.hasValidSession(minTTL: seconds))
            _ = try? await session.profile(maxAge: seconds)
            _ = try? await session.beginSignIn(SignInOptions(maxAge: seconds))
            var configuration = server.auth0()
            configuration.leeway = seconds
            _ = try? Session(configuration, storage: .inMemory, log: .none)
            let error = SessionError.temporarilyUnavailable(reason: .serverFault, retryAfter: seconds, message: "m")
            _ = (error.localizedDescription, error.recoverySuggestion, error.errorUserInfo)
        }
        await server.stop()
    }
}

/// Generates the same numbers for the same seed (SplitMix64).
private struct SeededGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next(_ bound: Int) -> Int {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return Int(truncatingIfNeeded: (mixed ^ (mixed >> 31)) >> 1) % bound
    }
}
