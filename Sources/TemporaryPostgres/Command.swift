// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation

/// A program that is run to its end.
enum Command {
    /// Runs a program on a thread that may block, and returns what it printed; throws that when it failed.
    static func run(_ path: String, _ arguments: [String], withPostgresVariables: Bool = false) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    with: Result {
                        let child = try Child.spawn(
                            path,
                            arguments,
                            environment: ProcessInfo.processInfo.environment
                                .filter { withPostgresVariables || !$0.key.hasPrefix("PG") }.map { "\($0)=\($1)" },
                            errorsToOutput: true
                        )
                        child.closeInput()
                        let text = child.readAll()
                        guard child.wait() == 0 else {
                            throw TemporaryPostgresError(text.trimmingCharacters(in: .whitespacesAndNewlines))
                        }
                        return text
                    }
                )
            }
        }
    }
}
