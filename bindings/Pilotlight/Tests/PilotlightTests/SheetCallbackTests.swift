import Foundation
import Testing

@testable import Pilotlight

@Suite struct SheetCallbackTests {
    private func callback(_ redirectURI: String, systemKnowsHTTPS: Bool = true) throws -> SheetCallback {
        try SheetCallback(try #require(URL(string: redirectURI)), systemKnowsHTTPS: systemKnowsHTTPS)
    }

    @Test func aSchemeOfTheAppsOwnWorksOnEverySystem() throws {
        for systemKnowsHTTPS in [true, false] {
            let callback = try callback("com.example.App.auth0://host/ios/callback", systemKnowsHTTPS: systemKnowsHTTPS)
            #expect(callback == .scheme("com.example.App.auth0"))
        }
    }

    @Test(arguments: [
        ("https://app.example.com/callback", "/callback"), ("https://app.example.com/callback/", "/callback/"),
        ("HTTPS://app.example.com/a/b/?x=1", "/a/b/"), ("https://app.example.com", "/"),
        ("https://app.example.com/", "/"),
    ])
    func anHTTPSCallbackKeepsItsPath(redirectURI: String, path: String) throws {
        #expect(try callback(redirectURI) == .https(host: "app.example.com", path: path))
    }

    @Test(arguments: [
        ("https://app.example.com/callback", "iOS 17.4"), ("HTTPS://app.example.com/", "iOS 17.4"),
        ("http://127.0.0.1:8080/callback", "own scheme"), ("callback", "scheme"),
    ])
    func whatTheSystemCannotReturnToIsAFaultOfTheConfiguration(redirectURI: String, hint: String) throws {
        do {
            _ = try callback(redirectURI, systemKnowsHTTPS: false)
            Issue.record("\(redirectURI) was accepted")
        } catch SessionError.configurationInvalid(field: "redirectURI", let message) {
            #expect(message.text.contains(hint))
        }
    }

    @Test func aMissingAssociatedDomainIsNotTakenForTheUsersCancellation() {
        #expect(SheetCallback.meaningOfCancellation([:]) == .signInCancelled)
        #expect(SheetCallback.meaningOfCancellation(["key": 1]) == .signInCancelled)
        let reason =
            "Using HTTPS callbacks requires Associated Domains using the `webcredentials` service type for example.com."
        let error = SheetCallback.meaningOfCancellation([NSLocalizedFailureReasonErrorKey: reason])
        guard case .configurationInvalid(field: "redirectURI", let message) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(message.text.contains("Associated Domains"))
    }
}
