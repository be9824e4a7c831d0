// SPDX-License-Identifier: Apache-2.0

import Foundation
import TemporaryPostgres

/// A program, run to its end.
struct Shell {
    let status: Int32
    /// What it has written, to its output and beside it.
    let output: String

    /// Runs a program along the `PATH`.
    static func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> Shell {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(with: Result { try Self.runNow(arguments, environment: environment) })
            }
        }
    }

    /// The same, holding the thread.
    static func runNow(_ arguments: [String], environment: [String: String] = [:], errorsToOutput: Bool = true) throws
        -> Shell
    {
        let variables = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("PG") }.merging(environment) {
            $1
        }
        let child = try Child.spawn(
            "/usr/bin/env",
            arguments,
            environment: variables.map { "\($0.key)=\($0.value)" },
            errorsToOutput: errorsToOutput
        )
        child.closeInput()
        let output = child.readAll()
        let status = child.wait()
        return Shell(status: status & 0x7F == 0 ? (status >> 8) & 0xFF : -(status & 0x7F), output: output)
    }
}
