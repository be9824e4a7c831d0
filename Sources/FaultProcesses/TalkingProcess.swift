// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import TemporaryPostgres

/// A process that is told something by lines on its standard input, and says something by lines on its output.
///
/// It ends with this one, however that ends, since its standard input ends then.
package final class TalkingProcess: Sendable {
    private struct State {
        var status: Int32?
        var isInputClosed = false
    }

    private let child: Child
    private let state = Mutex(State())

    /// Starts a program that lies beside this one, or beside the tests.
    package init(
        _ program: String,
        _ arguments: [String],
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws {
        self.child = try Child.spawn(
            try Self.path(of: program),
            arguments,
            environment: environment.map { "\($0.key)=\($0.value)" },
            errorsToOutput: true
        )
    }

    /// Hears every line that it says, on a thread of its own, until it has ended.
    package func listen(_ hear: @escaping @Sendable (String) -> Void) {
        // Holds the process until it has ended: somebody has to ask for its status.
        Thread.detachNewThread {
            while let line = self.child.readLine() { hear(line) }
            let status = self.child.wait()
            self.state.withLock { $0.status = status }
        }
    }

    package var pid: Int32 { self.child.pid }
    /// How it ended, as `waitpid` tells it; nil while it runs.
    package var status: Int32? { self.state.withLock { $0.status } }
    /// The signal that ended it, if one did.
    package var signal: Int32? { self.status.flatMap { $0 & 0x7F == 0 ? nil : $0 & 0x7F } }
    /// Its exit status, if it ended by itself.
    package var exit: Int32? { self.status.flatMap { $0 & 0x7F == 0 ? ($0 >> 8) & 0xFF : nil } }

    /// Tells it something.
    package func say(_ line: String) { _ = self.child.write(line + "\n") }

    /// Sends it a signal.
    package func send(_ signal: Int32) { kill(self.pid, signal) }

    /// Closes its input, which ends it at once.
    package func end() {
        let isFirst = self.state.withLock { state in
            defer { state.isInputClosed = true }
            return !state.isInputClosed
        }
        guard isFirst else { return }
        if self.status == nil { self.send(SIGCONT) }
        self.child.closeInput()
    }

    private static func path(of program: String) throws -> String {
        #if canImport(Darwin)
            let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") } ?? Bundle.main
            let folder = bundle.bundleURL.deletingLastPathComponent()
        #else
            let path = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        #endif
        return folder.appendingPathComponent(program).path
    }
}
