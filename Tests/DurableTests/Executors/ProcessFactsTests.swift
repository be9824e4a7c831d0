// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Durable

@Suite struct ProcessFactsTests {
    let mine = ProcessFacts(host: "a", pid: 1, bootID: "boot", pidNamespace: "pid:[1]", processStarted: "10")

    @Test func `the start time is found behind a command name with blanks and parentheses`() {
        let fields = (4...40).map(String.init).joined(separator: " ")
        #expect(ProcessStatus(parsing: "7 (a) b (c) S \(fields)")?.started == "22")
        #expect(ProcessStatus(parsing: "7 (a) b (c) Z \(fields)")?.isZombie == true)
        #expect(ProcessStatus(parsing: "nonsense") == nil)
        #expect(ProcessStatus(parsing: "7 (a) S 1 2 3") == nil)
    }

    @Test func `another boot, another namespace or missing facts prove nothing`() {
        var other = self.mine
        other.bootID = "another"
        #expect(self.mine.judge(other) == .unknown)
        other = self.mine
        other.pidNamespace = "pid:[2]"
        #expect(self.mine.judge(other) == .unknown)
        other.pidNamespace = nil
        #expect(self.mine.judge(other) == .unknown)
        var blind = self.mine
        blind.pidNamespace = nil
        #expect(blind.judge(other) == .unknown, "two missing facts are not the same fact")
    }

    #if os(Linux)
        @Test func `this process is alive to itself, and a process that used its id before is gone`() {
            let current = ProcessFacts.current()
            #expect(current.bootID?.isEmpty == false)
            #expect(current.pidNamespace?.hasPrefix("pid:[") == true)
            #expect(current.processStarted?.isEmpty == false)
            #expect(current.judge(current) == .alive)
            var former = current
            former.processStarted = "1"
            #expect(current.judge(former) == .gone)
            former.pid = 4_194_305  // beyond the kernel's largest process id
            #expect(current.judge(former) == .gone)
        }

        @Test func `a process is alive until it is killed, and gone when it was`() async throws {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/sleep")
            process.arguments = ["600"]
            try process.run()
            var other = ProcessFacts.current()
            other.pid = process.processIdentifier
            let stat = try String(contentsOfFile: "/proc/\(other.pid)/stat", encoding: .utf8)
            other.processStarted = ProcessStatus(parsing: stat)?.started
            #expect(ProcessFacts.current().judge(other) == .alive)
            kill(other.pid, SIGKILL)
            // A zombie that nobody has waited for yet is gone as well: it can never run again.
            try await eventually("it is gone") { ProcessFacts.current().judge(other) == .gone }
            process.waitUntilExit()
            #expect(ProcessFacts.current().judge(other) == .gone)
        }
    #endif
}
