// SPDX-License-Identifier: Apache-2.0

import Durable
import DurableTesting
import Foundation
import Testing

/// What the kit says when it is used in a way that proves nothing.
@Suite struct KitMisuseTests {
    /// Waits for somebody who never comes.
    private struct Vigil: Workflow {
        static let name = "vigil"

        func run(_ input: Nothing, in workflow: WorkflowContext) async throws -> String {
            try await workflow.receive(String.self, "dawn")
        }
    }

    @Test func `a second engine at a time, and none, are said in words`() async throws {
        try await withTestEngine([Reminder(world: World())]) { test in
            var error = await #expect(throws: TestFailure.self) { try await test.boot([Reminder(world: World())]) }
            #expect("\(error, default: "none")" == "an engine runs already")
            try await test.stop()
            error = await #expect(throws: TestFailure.self) { try await test.start(Reminder.self, "ada", id: "r") }
            #expect("\(error, default: "none")" == "no engine runs now")
            try await test.boot([Reminder(world: World())])
            error = await #expect(throws: TestFailure.self) { try await test.explain("r") }
            #expect("\(error, default: "none")" == "no workflow has the id \"r\"")
        }
    }

    @Test func `a workflow that nobody started is not waited for`() async throws {
        try await withTestEngine([Reminder(world: World())]) { test in
            let words = "no workflow has the id \"nobody\""
            var error = await #expect(throws: TestFailure.self) { try await test.wait(for: .waiting, of: "nobody") }
            #expect("\(error, default: "none")" == words)
            error = await #expect(throws: TestFailure.self) { try await test.wait(forStep: "remind", of: "nobody") }
            #expect("\(error, default: "none")" == words)
            error = await #expect(throws: TestFailure.self) { try await test.result(of: Reminder.self, "nobody") }
            #expect("\(error, default: "none")" == words)
        }
    }

    @Test func `a clock that outlives its test says so`() async throws {
        let clock = try await withTestEngine([Reminder(world: World())]) { $0.clock }
        let error = await #expect(throws: TestFailure.self) { try await clock.advance(by: .seconds(1)) }
        #expect("\(error, default: "none")" == "the virtual clock was used after its test had ended")
    }

    @Test func `a folder of histories that is empty, or not there, is no success`() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "histories-\(UUID())")
        var error = await #expect(throws: TestFailure.self) {
            try await assertReplays(historiesIn: folder.path, with: [Reminder(world: World())])
        }
        var words = "\(error, default: "none")"
        #expect(words.hasPrefix("DurableTestingTests/KitMisuseTests.swift:"))
        #expect(words.contains("the folder \(folder.path) of exported workflows cannot be read: "))

        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data().write(to: folder.appending(path: "read.me"))
        error = await #expect(throws: TestFailure.self) {
            try await assertReplays(historiesIn: folder.path, with: [Reminder(world: World())])
        }
        words = "\(error, default: "none")"
        #expect(words.hasPrefix("DurableTestingTests/KitMisuseTests.swift:"))
        #expect(words.hasSuffix("there is no exported workflow (*.json) in \(folder.path)"))
    }

    @Test func `a workflow that waits for what the test does not send is explained by the matrix`() async throws {
        let error = await #expect(throws: TestFailure.self) {
            try await assertSurvivesCrashes(of: Vigil(), input: Nothing(), within: .seconds(1))
        }
        let words = "\(error, default: "none")"
        #expect(words.hasPrefix("DurableTestingTests/KitMisuseTests.swift:"))
        #expect(words.contains("vigil did not come to its end within 1.0 seconds: "))
        #expect(words.contains("workflow \"vigil\" is waiting, waiting for signal dawn"))
    }

    @Test func `a server that is not there is an error in words, which says who named it`() async throws {
        await #expect(processExitsWith: .success) {
            unsetenv("DURABLE_TEST_POSTGRES")
            setenv("POSTGRES_BIN", "/nowhere", 1)
            let error = await #expect(throws: (any Error).self) { try await withTestDatabase { _ in } }
            let words = "POSTGRES_BIN is /nowhere, which holds no initdb, pg_ctl and postgres"
            #expect("\(error.map { "\($0)" } ?? "none")" == words)
        }
        await #expect(processExitsWith: .success) {
            setenv("DURABLE_TEST_POSTGRES", "host=/nowhere user=nobody password=secret", 1)
            let error = await #expect(throws: (any Error).self) { try await withTestDatabase { _ in } }
            let words = error.map { "\($0)" } ?? "none"
            #expect(words.hasPrefix("the server that DURABLE_TEST_POSTGRES names cannot be used: "))
            #expect(words.contains("/nowhere"))
            #expect(!words.contains("secret"))
        }
    }
}
