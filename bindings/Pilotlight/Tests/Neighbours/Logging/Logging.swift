// Another module of the app.

/// The app's.
public enum LogLevel: Int {
    case verbose, quiet
}

/// The app's.
public enum Audience {
    case everyone, friends
}
