import Foundation
internal import PilotlightCore

#if canImport(CoreImage)
import CoreImage
#endif

/// A sign-in that the user completes on another device (RFC 8628): what to show on this screen.
///
/// Anyone who has the code can approve the sign-in, so show it on this screen only. Its description does not contain the code.
public struct DeviceSignIn: Hashable, Sendable {
    /// The code that the user enters on the other device.
    public let userCode: String
    /// The page where the user enters the code (`verification_uri`). Show it as text too: not everyone can scan a QR code.
    public let verificationURL: URL
    /// The page's URL with the code in it (`verification_uri_complete`), for a QR code; nil if the issuer provides none.
    public let completeVerificationURL: URL?
    /// When the code expires, by the device's clock.
    public let expiresAt: Date

    let attempt: UInt64

    /// For tests and previews of a screen. No session has begun it: completing it throws ``SessionError/signInCancelled``.
    public init(userCode: String, verificationURL: URL, completeVerificationURL: URL? = nil, expiresAt: Date) {
        self.userCode = userCode
        self.verificationURL = verificationURL
        self.completeVerificationURL = completeVerificationURL
        self.expiresAt = expiresAt
        attempt = 0
    }

    init(_ request: DeviceSignInRequest) throws {
        guard let url = URL(string: request.verificationUri) else {
            throw SessionError.internalFault(message: "the verification URL is not a URL")
        }
        userCode = request.userCode
        verificationURL = url
        completeVerificationURL = request.verificationUriComplete.flatMap(URL.init(string:))
        expiresAt = Date(timeIntervalSinceNow: TimeInterval(request.lifetimeSeconds))
        attempt = request.attempt
    }
}

extension DeviceSignIn: Redacted {
    /// When the code expires.
    public var description: String { "DeviceSignIn(expiresAt: \(expiresAt))" }
}

#if canImport(CoreImage)
extension DeviceSignIn {
    /// The QR code of ``completeVerificationURL``, or of ``verificationURL`` if there is none; nil if the system cannot draw it.
    /// In SwiftUI, show it with `Image(decorative:scale:)` and `interpolation(.none)`.
    ///
    /// - Parameter pixels: The width of each square of the code, in pixels.
    public func qrCode(pixels: Int = 8) -> CGImage? {
        guard let filter = CIFilter(name: "CIQRCodeGenerator") else { return nil }
        let text = (completeVerificationURL ?? verificationURL).absoluteString
        filter.setValue(Data(text.utf8), forKey: "inputMessage")
        filter.setValue("M", forKey: "inputCorrectionLevel")
        let scale = CGFloat(max(1, pixels))
        guard let image = filter.outputImage?.transformed(by: CGAffineTransform(scaleX: scale, y: scale)) else {
            return nil
        }
        return CIContext().createCGImage(image, from: image.extent)
    }
}
#endif

extension Session {
    /// Signs a user in by means of a code that the user enters on another device, such as a phone. For devices without a keyboard
    /// or a browser (OAuth 2.0 Device Authorization Grant, RFC 8628; Auth0: "Device Authorization Flow"). Network; persists the
    /// session.
    ///
    /// ```swift
    /// try await session.signInOnAnotherDevice { signIn in
    ///     await screen.show(code: signIn.userCode, at: signIn.verificationURL)
    /// }
    /// ```
    ///
    /// The issuer is polled at the interval that it specifies, until the user has finished. Neither a lost connection nor time in
    /// the background ends the wait; cancelling the task does.
    ///
    /// - Parameters:
    ///   - parameters: Further parameters of the request for a code. The configuration's `authorizeParameters` are for the
    ///     browser and are not sent.
    ///   - show: Shows the code and where to enter it.
    /// - Returns: The new state, `.signedIn`.
    /// - Throws: ``SessionError/signInFailed(code:message:)`` with `access_denied` if the user declined, and with
    ///   `expired_token` if the code expired: begin again. ``SessionError/configurationInvalid(field:message:)`` naming
    ///   `clientID` if the client may not use this grant (Auth0: Advanced Settings > Grant Types > Device Code), and `issuer` if
    ///   the issuer does not offer it. ``SessionError/signInCancelled`` if another sign-in replaced it; otherwise as
    ///   ``signIn(using:options:)``.
    @discardableResult
    public func signInOnAnotherDevice(
        parameters: [String: String] = [:], show: @Sendable (DeviceSignIn) async -> Void
    ) async throws -> SessionState {
        let signIn = try await beginDeviceSignIn(parameters: parameters)
        await show(signIn)
        return try await completeDeviceSignIn(signIn)
    }

    /// Asks the issuer for a code to sign in with on another device. Network; stores nothing. Replaces a sign-in in progress.
    ///
    /// - Parameter parameters: As ``signInOnAnotherDevice(parameters:show:)``.
    /// - Throws: As ``signInOnAnotherDevice(parameters:show:)``.
    public func beginDeviceSignIn(parameters: [String: String] = [:]) async throws -> DeviceSignIn {
        try DeviceSignIn(
            try await call(givesNothingOut: true) { try await $0.beginDeviceSignIn(parameters: parameters) })
    }

    /// Waits until the user has entered the code on the other device. Network; persists the session.
    ///
    /// - Returns: The new state, `.signedIn`.
    /// - Throws: As ``signInOnAnotherDevice(parameters:show:)``.
    @discardableResult
    public func completeDeviceSignIn(_ signIn: DeviceSignIn) async throws -> SessionState {
        let attempt = signIn.attempt
        return try await withTaskCancellationHandler {
            // This asks for no background time: the wait may take a quarter of an hour, and a suspension does no harm.
            try await waitUnlessCancelled { [core, gates] in
                do {
                    let state = SessionState(try await core.completeDeviceSignIn(attempt: attempt))
                    gates.open()
                    return state
                } catch {
                    throw SessionError.of(error)
                }
            }
        } onCancel: { [core] in
            core.cancelSignInAttempt(attempt: attempt)
        }
    }
}
