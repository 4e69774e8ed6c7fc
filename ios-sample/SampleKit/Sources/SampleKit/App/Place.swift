/// The screens behind the home screen: every claim of the profile, the metadata, a request to an API, what the session went
/// through, and the settings, which come over any screen.
public enum Place: String, CaseIterable, Hashable, Sendable { case profile, metadata, request, inspector, settings }
