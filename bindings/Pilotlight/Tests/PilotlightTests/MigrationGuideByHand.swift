import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

// The left side of the guide "Migrate from another library", word for word: what apps wrote. It compiles against OtherLibraries.swift.

// MARK: SimpleKeychain

func keepByHand(accessToken: String, refreshToken: String) {
    let keychain = A0SimpleKeychain(service: "Auth0")
    keychain.setString(accessToken, forKey: "access_token")
    keychain.setString(refreshToken, forKey: "refresh_token")
}

func renewByHand(_ use: @escaping (String?) -> Void) {
    let keychain = A0SimpleKeychain(service: "Auth0")
    guard let refreshToken = keychain.string(forKey: "refresh_token") else { return use(nil) }
    Auth0.authentication().renew(withRefreshToken: refreshToken).start { result in
        guard case .success(let credentials) = result, let token = credentials.accessToken else { return use(nil) }
        keychain.setString(token, forKey: "access_token")
        use(token)
    }
}

func forgetByHand() {
    A0SimpleKeychain(service: "Auth0").clearAll()
}

// MARK: Lock

func keepOfLockByHand(profile: A0UserProfile, token: A0Token) throws {
    let keychain = A0SimpleKeychain(service: "Auth0")
    keychain.setString(token.idToken, forKey: "id_token")
    if let refreshToken = token.refreshToken { keychain.setString(refreshToken, forKey: "refresh_token") }
    let archive = try NSKeyedArchiver.archivedData(withRootObject: profile, requiringSecureCoding: false)
    keychain.setData(archive, forKey: "profile")
}

func idTokenByHand(_ use: @escaping (String?) -> Void) {
    let keychain = A0SimpleKeychain(service: "Auth0")
    guard let refreshToken = keychain.string(forKey: "refresh_token") else { return use(nil) }
    A0Lock.shared().apiClient().fetchNewIdToken(
        withRefreshToken: refreshToken, parameters: nil,
        success: { token in
            keychain.setString(token.idToken, forKey: "id_token")
            use(token.idToken)
        },
        failure: { _ in
            // Also when the network was down.
            keychain.clearAll()
            use(nil)
        })
}

// MARK: CredentialsManager

func signInByHand(_ credentialsManager: CredentialsManager) {
    Auth0.webAuth().scope("openid profile offline_access").start { result in
        if case .success(let credentials) = result { _ = credentialsManager.store(credentials: credentials) }
    }
}

func fetchByHand(_ url: URL, _ credentialsManager: CredentialsManager, _ use: @escaping @Sendable (Data?) -> Void) {
    credentialsManager.credentials { error, credentials in
        guard error == nil, let token = credentials?.accessToken else { return use(nil) }
        var request = URLRequest(url: url)
        request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization")
        URLSession.shared.dataTask(with: request) { data, _, _ in use(data) }.resume()
    }
}

// MARK: AppAuth

final class KeeperByHand: OIDAuthStateChangeDelegate, OIDAuthStateErrorDelegate {
    func didChange(_ state: OIDAuthState) {
        let archive = try? NSKeyedArchiver.archivedData(withRootObject: state, requiringSecureCoding: true)
        UserDefaults.standard.set(archive, forKey: "authState")
    }

    func authState(_ state: OIDAuthState, didEncounterAuthorizationError error: any Error) {
        UserDefaults.standard.removeObject(forKey: "authState")
    }
}

func freshTokenByHand(_ authState: OIDAuthState, _ use: @escaping (String?) -> Void) {
    authState.performAction { accessToken, _, error in use(error == nil ? accessToken : nil) }
}
