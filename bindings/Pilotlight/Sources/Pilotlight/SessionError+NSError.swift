import Foundation

/// The error as Objective-C and crash reporters see it. The domain and the codes never change; a new case gets a new number.
extension SessionError: CustomNSError {
    /// `Pilotlight.SessionError`
    public static let errorDomain = "Pilotlight.SessionError"

    /// 1 `temporarilyUnavailable`, 2 `deviceLocked`, 3 `userAuthenticationFailed`, 4 `readOnly`, 5 `signInRequired`,
    /// 6 `signInFailed`, 7 `signInCancelled`, 8 `configurationInvalid`, 9 `argumentInvalid`, 10 `storageFailed`,
    /// 11 `internalFault`, 12 `stepUpRequired`,
    /// 13 `mfaRequired`, 14 `mfaRejected`.
    public var errorCode: Int {
        switch self {
        case .temporarilyUnavailable: 1
        case .deviceLocked: 2
        case .userAuthenticationFailed: 3
        case .readOnly: 4
        case .signInRequired: 5
        case .signInFailed: 6
        case .signInCancelled: 7
        case .configurationInvalid: 8
        case .argumentInvalid: 9
        case .storageFailed: 10
        case .internalFault: 11
        case .stepUpRequired: 12
        case .mfaRequired: 13
        case .mfaRejected: 14
        }
    }

    /// The texts of `LocalizedError`, and the values of the case: `PilotlightReason`, `PilotlightRetryAfter`,
    /// `PilotlightCode`, `PilotlightField`, `PilotlightArgument`, `PilotlightStatus`, and for `stepUpRequired`
    /// `PilotlightACRValues` and `PilotlightMaxAge`. It does not contain the issuer's own words, because crash reporters send
    /// an `NSError`.
    public var errorUserInfo: [String: Any] {
        var info: [String: Any] = [NSLocalizedDescriptionKey: errorDescription ?? summary]
        info[NSLocalizedFailureReasonErrorKey] = failureReason
        info[NSLocalizedRecoverySuggestionErrorKey] = recoverySuggestion
        switch self {
        case .temporarilyUnavailable(let reason, let retryAfter, _):
            info["PilotlightReason"] = "\(reason)"
            info["PilotlightRetryAfter"] = retryAfter
        case .userAuthenticationFailed(let reason, _): info["PilotlightReason"] = "\(reason)"
        case .signInRequired(.renewalsRefused(let code), _):
            info["PilotlightReason"] = "renewalsRefused"
            info["PilotlightCode"] = code
        case .signInRequired(let reason, _): info["PilotlightReason"] = "\(reason)"
        case .signInFailed(let code, _), .mfaRejected(let code, _): info["PilotlightCode"] = code
        case .stepUpRequired(let challenge, _):
            info["PilotlightACRValues"] = challenge.requirement.acrValues
            info["PilotlightMaxAge"] = challenge.requirement.maxAge
        case .configurationInvalid(let field, _): info["PilotlightField"] = field
        case .argumentInvalid(let argument, _): info["PilotlightArgument"] = argument
        case .storageFailed(let status, _): info["PilotlightStatus"] = status.map { Int($0) }
        default: break
        }
        return info
    }
}
