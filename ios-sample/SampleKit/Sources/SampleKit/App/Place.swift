/// The screens behind the home screen. For pictures and tests the launch argument `-screen NAME` opens one.
public enum Place: String, CaseIterable, Hashable, Sendable {
    /// Every claim of the profile.
    case profile
    /// The metadata, to be changed.
    case metadata
    /// A request to an API.
    case request
    /// What the session went through.
    case inspector
    /// The settings, which come over any screen.
    case settings

    /// The one that launch arguments name, as `-screen profile`; nil when they name none that there is.
    public init?(arguments: [String]) {
        guard let flag = arguments.firstIndex(of: "-screen"), arguments.indices.contains(flag + 1) else { return nil }
        self.init(rawValue: arguments[flag + 1])
    }
}
