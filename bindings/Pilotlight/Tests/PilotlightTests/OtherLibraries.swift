import Foundation

// The parts of other libraries that the code of the guide "Migrate from another library" calls, as in their documentation, so
// that the code compiles. None of them does anything.

// MARK: SimpleKeychain

final class A0SimpleKeychain: Sendable {
    init(service: String) {}
    func setString(_ string: String, forKey key: String) {}
    func setData(_ data: Data, forKey key: String) {}
    func string(forKey key: String) -> String? { nil }
    func clearAll() {}
}

// MARK: Lock 1

final class A0UserProfile: NSObject {}

struct A0Token {
    let idToken: String
    let refreshToken: String?
}

struct A0Lock {
    static func shared() -> A0Lock { A0Lock() }
    func apiClient() -> A0APIClient { A0APIClient() }
}

struct A0APIClient {
    func fetchNewIdToken(
        withRefreshToken token: String, parameters: [String: Any]?, success: @escaping (A0Token) -> Void,
        failure: @escaping (any Error) -> Void
    ) {}
}

// MARK: Auth0.swift

struct Credentials {
    let accessToken: String?
}

enum Auth0 {
    struct Request {
        func scope(_ scope: String) -> Request { self }
        func start(_ callback: @escaping (Result<Credentials, any Error>) -> Void) {}
    }

    struct Authentication {
        func renew(withRefreshToken token: String) -> Request { Request() }
    }

    static func authentication() -> Authentication { Authentication() }
    static func webAuth() -> Request { Request() }
}

struct CredentialsManager {
    func store(credentials: Credentials) -> Bool { true }
    func credentials(_ callback: @escaping ((any Error)?, Credentials?) -> Void) {}
}

// MARK: AppAuth

protocol OIDAuthStateChangeDelegate {
    func didChange(_ state: OIDAuthState)
}

protocol OIDAuthStateErrorDelegate {
    func authState(_ state: OIDAuthState, didEncounterAuthorizationError error: any Error)
}

final class OIDAuthState: NSObject {
    func performAction(freshTokens action: @escaping (String?, String?, (any Error)?) -> Void) {}
}
