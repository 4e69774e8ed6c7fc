import Foundation
import IdentityServerSupport
import Pilotlight

/// Hosts and servers that do not exist, are the wrong ones, or have a fault.
extension Mistake {
    static let servers: [Mistake] = [
        Mistake(
            "An Auth0 domain that does not exist", "temporarilyUnavailable(network)",
            says: ["no-such-tenant.invalid", "could not be reached"], advises: ["Check the connection", "`domain`"]
        ) { _ in
            let configuration = SessionConfiguration.auth0(
                domain: "no-such-tenant.invalid", clientID: "c", redirectURI: IdentityServer.redirectURI)
            try await begin(configuration).signIn(using: MadeUpBrowser())
        },
        Mistake(
            "An issuer that does not exist", "temporarilyUnavailable(network)",
            says: ["discovery document of no-such-issuer.invalid", "could not be reached"], advises: ["`issuer`"]
        ) { _ in
            _ = try await begin(openIDConnect("https://no-such-issuer.invalid")).beginSignIn()
        },
        Mistake(
            "An issuer whose document names another issuer", "configurationInvalid(issuer)",
            says: ["http://{host}/", "http://localhost:"], advises: ["`issuer`", "discovery document"]
        ) { server in
            let another = server.issuer.replacingOccurrences(of: "127.0.0.1", with: "localhost")
            _ = try await begin(openIDConnect(another)).beginSignIn()
        },
        Mistake(
            "An issuer without a discovery document", "configurationInvalid(issuer)",
            says: ["{host}", "http://{host}/tenant/.well-known/openid-configuration"], advises: ["`issuer`"]
        ) { server in
            _ = try await begin(openIDConnect(server.issuer + "tenant")).beginSignIn()
        },
        Mistake(
            "The server is down", "temporarilyUnavailable(network)", says: ["token endpoint of {host}"],
            advises: ["Check the connection"]
        ) { server in
            let session = try await server.signedInSession()
            try await server.goOffline()
            try await session.refresh()
        },
        Mistake(
            "The server has a fault", "temporarilyUnavailable(serverFault)",
            says: ["token endpoint of {host}", "status 503"], advises: ["Try again"]
        ) { server in
            let session = try await server.signedInSession()
            try await fault(server, ["kind": "status", "status": 503])
            try await session.refresh()
        },
        Mistake(
            "The next call during the cooldown, which sends nothing", "temporarilyUnavailable(serverFault)",
            says: ["token endpoint of {host}", "status 503"], advises: ["Try again in"]
        ) { server in
            let session = try await server.signedInSession()
            try await fault(server, ["kind": "status", "status": 503])
            _ = try? await session.refresh()
            try await session.refresh()
        },
        Mistake(
            "Too many requests", "temporarilyUnavailable(rateLimited)",
            says: ["{host}", "too many requests", "after 40 s"],
            advises: ["Try again in"]
        ) { server in
            let session = try await server.signedInSession()
            try await fault(server, ["kind": "status", "status": 429, "headers": ["retry-after": "40"]])
            try await session.refresh()
        },
        Mistake(
            "A captive portal's page instead of the answer", "temporarilyUnavailable(unexpectedAnswer)",
            says: ["token endpoint of {host}", "web page"], advises: ["Try again"]
        ) { server in
            let session = try await server.signedInSession()
            try await fault(server, ["kind": "html", "status": 200])
            try await session.refresh()
        },
        Mistake(
            "A server whose certificate is not trusted", "temporarilyUnavailable(untrustedConnection)",
            says: ["discovery document of {host}", "TLS", "self-signed"], advises: ["date and time", "self-signed"]
        ) { server in
            // The server does not support TLS at all, but the app gets the same error.
            let issuer = server.issuer.replacingOccurrences(of: "http:", with: "https:")
            _ = try await begin(openIDConnect(issuer)).beginSignIn()
        },
    ]

    private static func openIDConnect(_ issuer: String) -> SessionConfiguration {
        .openIDConnect(issuer: issuer, clientID: "c", redirectURI: IdentityServer.redirectURI)
    }

    private static func fault(_ server: IdentityServer, _ effect: SessionJSON) async throws {
        try await server.addFault("token", effect, ["for_ever": true])
    }
}
