extension SessionError {
    /// The core's names that are spelled differently in Swift.
    private static let swiftNames = [
        "client_id": "clientID", "redirect_uri": "redirectURI", "leeway_seconds": "leeway",
        "authorize_parameters": "authorizeParameters", "token_parameters": "tokenParameters",
        "header_origins": "headerOrigins", "metadata_by_id_token": "metadataByIDToken", "min_ttl": "minTTL",
        "pushes_authorization_requests": "pushesAuthorizationRequests",
        "max_age": "maxAge",
        "callback_url": "callback",
        "return_to": "returnTo", "api_type": "apiType",
    ]

    /// The Swift name of a field or an argument, and the core's message with that name in it.
    static func inSwift(_ name: String, _ message: String) -> (name: String, message: String) {
        guard let swift = swiftNames[name] else { return (name, message) }
        // The core writes a name as a separate word.
        let words = message.split(separator: " ", omittingEmptySubsequences: false).map {
            $0 == name ? swift : String($0)
        }
        return (swift, words.joined(separator: " "))
    }
}
