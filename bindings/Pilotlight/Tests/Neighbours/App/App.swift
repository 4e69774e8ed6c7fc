// Compiled without and with Pilotlight: the import must not change the meaning of any name.

import Logging
import Models

#if WITH_PILOTLIGHT
import Pilotlight
#endif

struct Profiles: Provider {
    func provide() -> UserProfile {
        UserProfile(address: Address(street: "Main Street"))
    }
}

func describe(_ profile: UserProfile, for audience: Audience, at level: LogLevel) -> Metadata {
    let street: String = profile.address.street
    let values: [String: JSONValue] = ["street": .list([.text(street)]), "level": .text("\(level.rawValue)")]
    switch audience {
    case .everyone: return Metadata(values: [:])
    case .friends: return Metadata(values: values)
    }
}

let described: Metadata = describe(Profiles().provide(), for: .friends, at: .verbose)

#if WITH_PILOTLIGHT
func street(of session: Session) async throws -> Address {
    Address(street: try await session.profile().address?.streetAddress ?? "")
}
#endif
