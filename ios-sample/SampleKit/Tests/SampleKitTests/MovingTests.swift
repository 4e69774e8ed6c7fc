import Foundation
import Pilotlight
import ServerSupport
import Testing

@testable import SampleKit

/// Migration from another library, and sign-out of the browser.
@MainActor @Suite(.timeLimit(.minutes(1))) struct MovingTests {
    /// A model with the issuer and the client of the archives in testing/foreign-archives.
    private func model(_ archive: String, domain: String = "tenant.eu.auth0.com") throws -> AppModel {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let bytes = try Data(
            contentsOf: folder.appendingPathComponent("../../../../testing/foreign-archives/\(archive).archive"))
        var settings = AppSettings()
        settings.address = domain
        return AppModel(settings: settings, migrate: { try await $0.importSession(from: .archive(bytes)) }) {
            (try Session($0.configuration(), storage: .inMemory, log: .none), nil)
        }
    }

    @Test func theSignInOfTheEarlierVersionIsTakenOverOnceAndSaid() async throws {
        let model = try model("auth0-swift-3.1")
        await model.start()
        #expect(model.screen == .home)
        #expect(model.notice == .migrated)
        model.notice = nil
        #expect(model.notice == nil)
        await model.start()
        #expect(model.notice == nil)
        // After a sign-out the old item does not sign the user in again.
        await model.signOut()
        await model.start()
        #expect(model.screen == .welcome(nil))
        #expect(model.notice == nil)
    }

    @Test func whatCannotBeTakenOverIsSaidAndTheUserSignsIn() async throws {
        let model = try model("app-auth-ended")
        await model.start()
        #expect(model.screen == .welcome(nil))
        #expect(model.notice == .couldNotMigrate(.ended))
        let other = try self.model("auth0-swift-3.1", domain: "other.eu.auth0.com")
        await other.start()
        #expect(other.notice == .couldNotMigrate(.otherIssuer))
        // With the right issuer in the settings the session is imported.
        var settings = other.settings
        settings.address = "tenant.eu.auth0.com"
        await other.apply(settings)
        #expect(other.screen == .home)
        #expect(other.notice == .migrated)
    }

    @Test func whatIsSaidOfOneSessionIsNotSaidOfAnother() async {
        var outcomes = [ImportOutcome.nothingFound, .unreadable(problem: .ended)]
        let model = AppModel(migrate: { _ in outcomes.removeLast() }) { _ in (.preview(state: .signedOut), nil) }
        await model.start()
        #expect(model.notice == .couldNotMigrate(.ended))
        var settings = model.settings
        settings.clientID = "another-app"
        await model.apply(settings)
        #expect(model.notice == nil)
    }

    @Test func whereNothingIsFoundOrTheLookFailsNothingIsSaid() async {
        for outcome in [Result<ImportOutcome, any Error>.success(.nothingFound), .failure(CancellationError())] {
            let model = AppModel(migrate: { _ in try outcome.get() }) { _ in (.preview(state: .signedOut), nil) }
            await model.start()
            #expect(model.screen == .welcome(nil))
            #expect(model.notice == nil)
        }
    }

    @Test func nobodyWhoIsSignedInIsMoved() async {
        let look: @MainActor (Session) async throws -> ImportOutcome = { _ in
            Issue.record("looked for another library's session")
            return .nothingFound
        }
        let model = AppModel(migrate: look) { _ in (.preview(), nil) }
        await model.start()
        #expect(model.screen == .home)
    }

    @Test func theBrowserIsSignedOutTooWhereThatIsWanted() async throws {
        actor Browser: WebAuthenticator {
            var opened: [URL] = []
            let error: SessionError?
            init(_ error: SessionError? = nil) { self.error = error }
            func authenticate(url: URL, redirectURI: URL) async throws -> URL {
                opened.append(url)
                if let error { throw error }
                return redirectURI
            }
        }
        let server = try await IdentityServer.start()
        var settings = AppSettings()
        settings.address = server.issuer
        let model = AppModel(settings: settings) {
            (try Session($0.configuration(), storage: .inMemory, log: .none), nil)
        }
        await model.start()
        await model.signIn(using: TestBrowser())
        let browser = Browser()
        await model.signOut(ofBrowserBy: browser)
        #expect(model.screen == .welcome(nil))
        #expect(model.notice == nil)
        let page = try #require(await browser.opened.first)
        #expect(page.path == "/v2/logout")
        // The issuer accepts the address to which the browser returns.
        let back = try await TestBrowser().authenticate(url: page, redirectURI: page)
        #expect(back.absoluteString == AppSettings().redirectURI)

        await model.signIn(using: TestBrowser())
        await model.signOut(ofBrowserBy: Browser(.signInCancelled))
        #expect(model.notice == nil)
        await model.signIn(using: TestBrowser())
        await model.signOut(ofBrowserBy: Browser(.signInFailed(code: "web_authentication_failed", message: "m")))
        #expect(model.screen == .welcome(nil))
        guard case .browserStillSignedIn = model.notice else {
            Issue.record("\(String(describing: model.notice))")
            return
        }
        await model.signIn(using: TestBrowser())
        #expect(model.notice == nil)
        await server.stop()
    }
}
