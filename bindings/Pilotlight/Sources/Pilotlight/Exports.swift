// What an app sees of the generated module: data, no machinery. One declaration at a time, because the module also
// holds UniFFI's converters, which are nobody's business.

@_exported import struct PilotlightCore.Address
@_exported import struct PilotlightCore.ForeignItem
@_exported import enum PilotlightCore.ImportOutcome
@_exported import enum PilotlightCore.ImportProblem
@_exported import enum PilotlightCore.ImportSource
@_exported import enum PilotlightCore.KeychainAccessConstraint
@_exported import struct PilotlightCore.KeychainAccessControl
@_exported import enum PilotlightCore.KeychainAccessibility
@_exported import struct PilotlightCore.KeychainStorage
@_exported import enum PilotlightCore.LogLevel
@_exported import enum PilotlightCore.Provider
@_exported import enum PilotlightCore.ReauthenticationReason
@_exported import enum PilotlightCore.RetryReason
@_exported import struct PilotlightCore.SessionConfiguration
@_exported import enum PilotlightCore.SessionState
@_exported import enum PilotlightCore.SessionStorage
@_exported import struct PilotlightCore.SignInOptions
@_exported import enum PilotlightCore.SignInReason
@_exported import enum PilotlightCore.SignInWay
@_exported import enum PilotlightCore.SignOutOutcome
@_exported import struct PilotlightCore.UserProfile
