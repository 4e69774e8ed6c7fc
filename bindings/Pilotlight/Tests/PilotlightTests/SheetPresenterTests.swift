import Foundation
import Testing

@testable import Pilotlight

/// The rules of the browser sheet, with a fake sheet that answers on another thread, as the system's sheet does.
@MainActor @Suite(.timeLimit(.minutes(1))) struct SheetPresenterTests {
    @MainActor private final class Screen {
        let sheet = SheetPresenter()
        var log: [String] = []
        private var answers: [String: SheetPresenter.Answer] = [:]

        func show(_ name: String) async throws -> URL {
            try await sheet.answer { answer in
                log.append("show \(name)")
                answers[name] = answer
                return { self.log.append("close \(name)") }
            }
        }

        func answer(_ name: String, _ result: Result<URL, any Error>) {
            let answer = answers[name]
            Thread.detachNewThread { answer?(result) }
        }

        func untilShown(_ name: String) async {
            while answers[name] == nil, !Task.isCancelled { await Task.yield() }
        }
    }

    private let screen = Screen()
    private let callback = URL(fileURLWithPath: "/callback")

    @Test func theAnswerComesBackFromAnyThread() async throws {
        let waiting = Task { try await screen.show("one") }
        await screen.untilShown("one")
        screen.answer("one", .success(callback))
        #expect(try await waiting.value == callback)
        // The system itself closes a sheet that has answered.
        #expect(screen.log == ["show one"])
        screen.answer("one", .failure(SessionError.signInCancelled))
    }

    @Test func whoeverIsCancelledClosesTheirSheet() async {
        let waiting = Task { try await screen.show("one") }
        await screen.untilShown("one")
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        #expect(screen.log == ["show one", "close one"])
        let late = Task { try await screen.show("two") }
        late.cancel()
        await #expect(throws: CancellationError.self) { try await late.value }
        #expect(screen.log == ["show one", "close one"])
    }

    @Test func aSecondSheetTakesThePlaceOfTheFirst() async throws {
        let first = Task { try await screen.show("one") }
        await screen.untilShown("one")
        let second = Task { try await screen.show("two") }
        await #expect(throws: SessionError.signInCancelled) { try await first.value }
        await screen.untilShown("two")
        #expect(screen.log == ["show one", "close one", "show two"])
        // A late answer of the first sheet is ignored.
        screen.answer("one", .success(callback))
        screen.answer("two", .failure(SessionError.signInCancelled))
        await #expect(throws: SessionError.signInCancelled) { try await second.value }
        #expect(screen.log == ["show one", "close one", "show two", "close two"])
    }
}
