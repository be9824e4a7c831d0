// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// A verb that asks the database: it says what it does in a session, and everything around that is the same for all.
protocol Verb: AsyncParsableCommand {
    var options: SessionOptions { get }

    /// Asks, and prints the answer.
    func run(in session: Session) async throws
}

extension Verb {
    func run() async throws {
        try await Session.with(self.options.database, isJSON: self.options.output.json) { session in
            try await self.run(in: session)
        }
    }
}
