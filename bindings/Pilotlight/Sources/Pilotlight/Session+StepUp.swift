import Foundation
internal import PilotlightCore

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

extension Session {
    /// Lets the session's user authenticate as an API requires (RFC 9470), then sends the refused request once more. Network;
    /// persists.
    ///
    /// ```swift
    /// do {
    ///     (data, response) = try await session.data(for: payment)
    /// } catch SessionError.stepUpRequired(let challenge, _) {
    ///     (data, response) = try await session.stepUp(for: challenge, using: browser)
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - challenge: From the error of ``data(for:audience:minTTL:using:)``.
    ///   - authenticator: Shows the issuer's page and returns the callback URL.
    ///   - parameters: Further parameters of this authorization request.
    ///   - urlSession: Sends the request.
    /// - Returns: The body of the answer and the response, whatever its status.
    /// - Throws: As ``stepUp(to:using:parameters:)``, then as ``data(for:audience:minTTL:using:)``:
    ///   ``SessionError/stepUpRequired(_:message:)`` again if the API is still not satisfied.
    ///   ``SessionError/argumentInvalid(argument:message:)`` for a request with an `httpBodyStream`, which can be read once.
    public func stepUp(
        for challenge: StepUpChallenge, using authenticator: some WebAuthenticator, parameters: [String: String] = [:],
        via urlSession: URLSession = .shared
    ) async throws -> (Data, HTTPURLResponse) {
        guard challenge.request.httpBodyStream == nil else {
            throw SessionError.argumentInvalid(
                argument: "challenge", message: "a request with an httpBodyStream cannot be sent again")
        }
        try await stepUp(to: challenge.requirement, using: authenticator, parameters: parameters)
        // A token for a further API was issued for the previous authentication, so it has to be renewed.
        if let audience = challenge.audience {
            _ = try await accessToken(for: audience, minTTL: challenge.minTTL, forceRefresh: true)
        }
        return try await data(
            for: challenge.request, audience: challenge.audience, minTTL: challenge.minTTL, using: urlSession)
    }

    /// Lets the session's user authenticate as an API requires (RFC 9470 4): a sign-in with `acr_values` and `max_age`. The
    /// session continues with the new tokens and keeps everything else: other APIs' tokens, the profile, queued changes. If
    /// anything goes wrong, it stays as it was. Network; persists.
    ///
    /// `acr_values` is a voluntary claim, which an issuer may ignore (OpenID Connect Core 5.5.1.1; RFC 9470 5). So the ID token's
    /// `acr` and `auth_time` are checked. An issuer that supports `claims` gets an essential claim instead, which it must satisfy
    /// or refuse.
    ///
    /// - Parameters:
    ///   - requirement: What the API requires.
    ///   - authenticator: Shows the issuer's page and returns the callback URL.
    ///   - parameters: Further parameters of this authorization request.
    /// - Returns: The state, `.signedIn`.
    /// - Throws: ``SessionError/signInFailed(code:message:)`` with `unmet_authentication_requirements` when the user
    ///   authenticated in another way, and with `user_mismatch` when another user did;
    ///   ``SessionError/signInRequired(reason:message:)`` if nobody is signed in; ``SessionError/signInCancelled``, also if a
    ///   sign-out or another sign-in happened meanwhile; otherwise as ``signIn(using:options:)``.
    @discardableResult
    public func stepUp(
        to requirement: StepUpRequirement, using authenticator: some WebAuthenticator,
        parameters: [String: String] = [:]
    ) async throws -> SessionState {
        let options = StepUpOptions(requirement: try requirement.core, parameters: parameters)
        let request = try await call(givesNothingOut: true) { try await $0.beginStepUp(options: options) }
        return try await completeSignIn(request, using: authenticator)
    }
}
