/// The screens behind the home screen: all claims of the profile, the metadata, a request to an API, the session's history,
/// and the settings, which can appear over any screen.
public enum Place: String, CaseIterable, Hashable, Sendable { case profile, metadata, request, inspector, settings }
