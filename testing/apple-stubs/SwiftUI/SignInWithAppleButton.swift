import AuthenticationServices

// Apple has it in an overlay, which who imports both modules gets.
@available(iOS 14.0, macOS 11.0, *)
public struct SignInWithAppleButton: PrimitiveView {
    public struct Label: Sendable {
        public static let signIn = Label()
    }

    nonisolated public init(
        _ label: Label = .signIn, onRequest: @escaping (ASAuthorizationAppleIDRequest) -> Void,
        onCompletion: @escaping (Result<ASAuthorization, any Error>) -> Void
    ) {}
}
