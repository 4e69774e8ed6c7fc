import Foundation
import IdentityServerSupport
import Pilotlight
import Testing

private let bundle = "com.example.app"
private let redirect = IdentityServer.redirectURI

/// Mistakes that are found when the session is created, before anything is sent.
extension Mistake {
    static let configuration: [Mistake] = [
        Mistake(
            "The client ID is empty", "configurationInvalid(clientID)", says: ["clientID is empty"],
            advises: ["`clientID`", "Settings > Client ID"]
        ) { server in
            try open(.auth0(domain: server.issuer, clientID: "", redirectURI: redirect))
        },
        Mistake(
            "The domain contains a space", "configurationInvalid(domain)",
            says: ["domain", "\"ten ant.auth0.com\"", "contains a space"], advises: ["`domain`", "Settings > Domain"]
        ) { _ in
            try open(.auth0(domain: "ten ant.auth0.com", clientID: "c", redirectURI: redirect))
        },
        Mistake(
            "The domain has a path", "configurationInvalid(domain)",
            says: ["tenant.eu.auth0.com/authorize", "without a path"], advises: ["Settings > Domain"]
        ) { _ in
            try open(.auth0(domain: "tenant.eu.auth0.com/authorize", clientID: "c", redirectURI: redirect))
        },
        Mistake(
            "The issuer is the discovery document's URL", "configurationInvalid(issuer)",
            says: ["issuer", "https://login.example.com/.well-known/openid-configuration", "leave out"],
            advises: ["`issuer`", "/.well-known/openid-configuration"]
        ) { _ in
            try open(
                .openIDConnect(
                    issuer: "https://login.example.com/.well-known/openid-configuration", clientID: "c",
                    redirectURI: redirect))
        },
        Mistake(
            "The issuer uses http", "configurationInvalid(issuer)",
            says: ["\"http://login.example.com\"", "must use https"], advises: ["`issuer`"]
        ) { _ in
            try open(.openIDConnect(issuer: "http://login.example.com", clientID: "c", redirectURI: redirect))
        },
        Mistake(
            "The redirect URI uses http", "configurationInvalid(redirectURI)",
            says: ["redirectURI", "\"http://app.example.com/callback\"", "loopback"],
            advises: ["`redirectURI`", "Allowed Callback URLs"]
        ) { server in
            try open(
                .auth0(domain: server.issuer, clientID: "c", redirectURI: "http://app.example.com/callback"))
        },
        Mistake(
            "The redirect URI has no scheme", "configurationInvalid(redirectURI)",
            says: ["redirectURI", "\"callback\"", "no scheme"], advises: ["Allowed Callback URLs"]
        ) { server in
            try open(.auth0(domain: server.issuer, clientID: "c", redirectURI: "callback"))
        },
        Mistake(
            "The redirect URI is missing, in a program without a bundle identifier",
            "configurationInvalid(redirectURI)",
            says: ["redirectURI is empty", "bundle identifier"], advises: ["`redirectURI`", "Allowed Callback URLs"]
        ) { server in
            try open(.auth0(domain: server.issuer, clientID: "c"))
        },
        Mistake(
            "The scopes lack openid", "configurationInvalid(scopes)", says: ["scopes", "\"openid\""],
            advises: ["`scopes`"]
        ) { server in
            try open(
                .auth0(domain: server.issuer, clientID: "c", redirectURI: redirect, scopes: ["profile"]))
        },
        Mistake(
            "Two scopes in one string", "configurationInvalid(scopes)",
            says: ["\"openid profile\"", "did you mean two entries?"], advises: ["`scopes`"]
        ) { server in
            try open(
                .auth0(
                    domain: server.issuer, clientID: "c", redirectURI: redirect, scopes: ["openid profile", "openid"]))
        },
        Mistake(
            "Audience and metadataAccess together", "configurationInvalid(audience)",
            says: ["audience", "metadataAccess"], advises: ["Multi-Resource Refresh Token"]
        ) { server in
            try open(
                .auth0(
                    domain: server.issuer, clientID: "c", redirectURI: redirect, audience: "https://api.example.com/",
                    metadataAccess: true))
        },
        Mistake(
            "metadataAccess at another provider", "configurationInvalid(metadataAccess)",
            says: ["metadataAccess", "Auth0"], advises: ["`metadataAccess`", "Auth0 only"]
        ) { _ in
            var configuration = SessionConfiguration.openIDConnect(
                issuer: "https://login.example.com", clientID: "c", redirectURI: redirect)
            configuration.metadataAccess = true
            try open(configuration)
        },
        Mistake(
            "A parameter that Pilotlight sets itself", "configurationInvalid(authorizeParameters)",
            says: ["authorizeParameters", "\"state\"", "sets itself"], advises: ["`authorizeParameters`"]
        ) { server in
            try open(
                .auth0(
                    domain: server.issuer, clientID: "c", redirectURI: redirect, authorizeParameters: ["state": "x"]))
        },
        Mistake(
            "The leeway is too long", "configurationInvalid(leeway)", says: ["leeway", "4000", "300"],
            advises: ["`leeway`"]
        ) { server in
            try open(.auth0(domain: server.issuer, clientID: "c", redirectURI: redirect, leeway: 4000))
        },
        Mistake(
            "Auth0.plist is not in the app", "configurationInvalid(Auth0.plist)", says: ["not in the bundle"],
            advises: ["`ClientId`", "`Domain`", "Applications > your app > Settings"]
        ) { _ in
            try open(.auth0(redirectURI: redirect))
        },
        Mistake(
            "The Keychain on a host that has none", "configurationInvalid(storage)",
            says: ["storage", "this host has no Keychain", bundle], advises: [".file(_:)", "Keychain Sharing"]
        ) { server in
            _ = try Session(
                .auth0(domain: server.issuer, clientID: "c", redirectURI: redirect),
                storage: .keychain(service: bundle), log: .none)
        },
        Mistake(
            "The store is a URL of the web", "configurationInvalid(storage)",
            says: ["storage", "\"https\"", "file URL"], advises: ["`storage` of `Session.init`"]
        ) { server in
            let url = try #require(URL(string: "https://user:secret@example.com/session?token=secret"))
            _ = try Session(
                .auth0(domain: server.issuer, clientID: "c", redirectURI: redirect), storage: .file(url), log: .none)
        },
        Mistake(
            "The store is a folder", "configurationInvalid(storage)",
            says: ["storage is \"/\", which is a folder", "name a file in it"],
            advises: ["`storage` of `Session.init`"]
        ) { server in
            _ = try Session(
                .auth0(domain: server.issuer, clientID: "c", redirectURI: redirect),
                storage: .file(URL(fileURLWithPath: "/")), log: .none)
        },
    ]

    private static func open(_ configuration: SessionConfiguration) throws {
        _ = try Session(configuration, storage: .inMemory, log: .none)
    }
}
