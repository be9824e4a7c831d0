// SPDX-License-Identifier: Apache-2.0

import Crypto
import Durable
import DurableCompression
import DurableCrypto
import DurableTesting
import Libpq
import Synchronization

/// A card and its long story: what nobody may read in the database.
struct Card: Codable, Sendable, Equatable {
    static let number = "4111-1111-1111-1111"

    var number = Card.number
    var notes = [String](repeating: "a customer of many years", count: 100)
}

/// An error whose value and words quote the card.
struct CardRefused: Error, Codable, Sendable, CustomStringConvertible {
    var number: String

    var description: String { "the card \(self.number) was refused" }
}

/// Passes a card through everything that is recorded.
struct Payment: Workflow {
    static let name = "payment"
    static let failures: [any (Error & Codable & Sendable).Type] = [CardRefused.self]

    /// How often a body ran.
    final class Count: Sendable {
        private let storage = Mutex<[String: Int]>([:])

        func note(_ name: String) { self.storage.withLock { $0[name, default: 0] += 1 } }

        subscript(name: String) -> Int { self.storage.withLock { $0[name] ?? 0 } }
    }

    var count = Count()

    func run(_ card: Card, in workflow: WorkflowContext) async throws -> String {
        let kept = try await workflow.step("keep", inputs: StepInputs(.strict, card)) { _ in
            self.count.note("keep")
            return card
        }
        do {
            try await workflow.step("charge", retry: .immediately(attempts: 2)) { _ in
                throw CardRefused(number: card.number)
            }
        } catch let refused as CardRefused {
            try await workflow.publish("refused", refused.number)
        }
        let weather = try await workflow.step("weather") { _ in "sunny" }
        let numbers = try await workflow.map([card.number, "none"]) { number, branch in
            try await branch.step("look") { _ in number }
        }
        try await workflow.sleep(for: .milliseconds(1))
        // Read from the journal by the run after the sleep.
        let signal = try await workflow.receive(String.self, "go on")
        self.count.note("end")
        return "\(kept.number) \(weather) \(numbers) \(signal)"
    }
}

/// Fails with the card's number in its words.
struct Refusal: Workflow {
    static let name = "refusal"

    func run(_ card: Card, in workflow: WorkflowContext) async throws -> String {
        throw CardRefused(number: card.number)
    }
}

enum Keys {
    static let old = SymmetricKey(data: [UInt8](repeating: 7, count: 32))
    static let new = SymmetricKey(data: [UInt8](repeating: 9, count: 32))
}

extension EngineOptions {
    /// Encrypts under one of the keys, and reads what these were used for.
    static func encrypting(_ keys: [String: SymmetricKey], current: String) throws -> EngineOptions {
        var options = EngineOptions.testing
        options.codecs = try PayloadCodecs([DeflateCodec(), AESGCMCodec(keys: keys, current: current)])
        return options
    }
}

extension TestDatabase {
    /// Everything that the engine's tables hold, as text.
    func everything() async throws -> String {
        let connection = try await PostgresConnection.connect(self.configuration)
        defer { connection.close() }
        var text = ""
        for row in try await connection.query("SELECT tablename::text FROM pg_tables WHERE schemaname = 'durable'") {
            let table = try row.decode(0, as: String.self)
            for row in try await connection.query("SELECT t::text FROM durable.\(identifier: table) AS t") {
                text += try row.decode(0, as: String.self) + "\n"
            }
        }
        return text
    }
}
