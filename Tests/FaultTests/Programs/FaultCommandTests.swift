// SPDX-License-Identifier: Apache-2.0

import FaultProcesses
import Foundation
import Synchronization
import Testing

/// The program of `Scripts/faults`, told what it cannot do.
@Suite("Bad input of the fault suite")
struct FaultCommandTests {
    private static let numbers =
        "Numbers of programs, rounds and minutes must be positive, and strikes and minutes of shrinking not negative."

    private static let refusals: [([String], String)] = [
        (["--nemeses", "kill,storm"], "There is no nemesis \"storm\"."),
        (["--nemeses", ","], "--nemeses names no nemesis."),
        (["--without", "fence,doors"], "There is no protection \"doors\"."),
        (["--without", ""], "--without names no protection."),
        (["--programs", "0"], Self.numbers),
        (["--round", "0"], Self.numbers),
        (["--minutes", "0"], Self.numbers),
        (["--abreast", "0"], Self.numbers),
        (["--strikes=-1"], Self.numbers),
        (["--shrinking=-1"], Self.numbers),
        (["--seed", "many"], "The value 'many' is invalid for '--seed <seed>'"),
        (["--plan", "{}"], "The plan cannot be read: "),
        (["storm"], "Unexpected argument 'storm'"),
    ]

    @Test(arguments: Self.refusals)
    func `what cannot be done is refused in words, before anything is run`(
        arguments: [String],
        words: String
    ) async throws {
        let process = try TalkingProcess("durable-faults", arguments)
        let said = Mutex<[String]>([])
        // Refused or not: it does not outlive its test.
        defer { if process.status == nil { process.send(SIGKILL) } }
        process.listen { line in said.withLock { $0.append(line) } }
        try await wait("the end of durable-faults") { process.status == nil ? "it runs" : nil }
        let lines = said.withLock { $0 }
        // As for any command that was called in a wrong way.
        #expect(process.exit == 64, "\(lines)")
        #expect(lines.first?.hasPrefix("Error: \(words)") == true, "\(lines)")
    }
}
