import AuthenticationServices
import Pilotlight
import SampleKit
import SwiftUI

/// Sign in with Apple: the issuer exchanges Apple's code for a session. It needs a capability; see Config/App.entitlements.
struct AppleButton: View {
    let model: AppModel
    let onError: @MainActor (SessionError?) -> Void

    var body: some View {
        SignInWithAppleButton {
            $0.requestedScopes = [.fullName, .email]
        } onCompletion: { result in
            let token = Self.token(of: result)
            Task { onError(await model.signIn(exchanging: token)) }
        }
        .frame(height: 44)
        .accessibilityIdentifier("sign-in.apple")
    }

    private static func token(of result: Result<ASAuthorization, any Error>) -> Result<ExternalToken, SessionError> {
        do {
            guard let credential = try result.get().credential as? ASAuthorizationAppleIDCredential,
                let code = credential.authorizationCode
            else { return .failure(.signInFailed(code: "apple", message: "there is no authorization code")) }
            // Apple provides the name only at the first sign-in.
            return .success(
                .apple(authorizationCode: code, fullName: credential.fullName, email: credential.email))
        } catch let error as ASAuthorizationError where error.code == .canceled {
            return .failure(.signInCancelled)
        } catch {
            return .failure(.signInFailed(code: "apple", message: "\(error.localizedDescription)"))
        }
    }
}
