// SPDX-License-Identifier: Apache-2.0

import Crypto
import Durable
import DurableCompression
import DurableCrypto
import DurableTesting
import Libpq
import Logging
import TestSupport
import Testing

@Suite struct EncodedWorkflowTests {
    private let expected = #"\#(Card.number) sunny ["\#(Card.number)", "none"] now"#

    /// Lets a payment go on to its end.
    private func finish(_ test: TestEngine, _ id: String = "payment-1") async throws -> String {
        try await test.engine.signal(id, "go on", "now")
        return try await test.result(of: Payment.self, id)
    }

    /// Runs a payment until it waits for its signal.
    private func begin(_ database: TestDatabase, _ options: EngineOptions, _ payment: Payment) async throws {
        try await withTestEngine([payment], on: database, options: options, clock: .skipping) { test in
            try await test.start(Payment.self, Card(), id: "payment-1")
            try await test.wait(for: .waiting, of: "payment-1")
            try await test.wait(forStep: "sleep", of: "payment-1")
            try await test.wait(for: .waiting, of: "payment-1")
        }
    }

    @Test func `inputs that are enqueued are encoded, one by one and many at once`() async throws {
        let options = try EngineOptions.encrypting(["2026-01": Keys.new], current: "2026-01")
        try await withTestEngine([Payment()], options: options, clock: .skipping) { test in
            try await test.engine.enqueue(Payment.self, Card(), id: "payment-1")
            _ = try await test.engine.enqueueAll(Payment.self, [Card(), Card()], ids: ["payment-2", "payment-3"])
            let inputs = try await test.database.text(
                "SELECT string_agg(encoding, ' | ' ORDER BY workflow_id) FROM durable.payloads WHERE part = 'input'"
            )
            #expect(inputs == Array(repeating: "deflate aes-gcm:2026-01", count: 3).joined(separator: " | "))
            #expect(try await !test.database.everything().contains(Card.number))
            for id in ["payment-1", "payment-2", "payment-3"] {
                #expect(try await self.finish(test, id) == self.expected)
            }
        }
    }

    @Test func `nothing of a payload stands in any table or log, and the view says how it is encoded`() async throws {
        let lines = Recorder<String>()
        let options = try EngineOptions.encrypting(["2026-01": Keys.new], current: "2026-01")
        let logger = Logger(recordingTo: lines)
        try await withTestEngine([Payment(), Refusal()], options: options, clock: .skipping, logger: logger) { test in
            try await test.start(Payment.self, Card(), id: "payment-1")
            #expect(try await self.finish(test) == self.expected)
            // The error that the caller is given has its words.
            let failure = await #expect(throws: DurableError.self) {
                try await test.run(Refusal.self, Card(), id: "refusal-1")
            }
            #expect(failure?.code == .workflowFailed)
            let status = try await test.engine.handle(Refusal.self, id: "refusal-1").status()
            #expect(status.error?.message == "the card \(Card.number) was refused")

            let everything = try await test.database.everything()
            #expect(everything.contains("payment-1") && everything.contains("CardRefused"))
            #expect(!everything.contains(Card.number))
            #expect(!everything.contains("customer"))
            let input = try await test.database.text(
                "SELECT encoding FROM durable.payloads WHERE workflow_id = 'payment-1' AND part = 'input'"
            )
            #expect(input == "deflate aes-gcm:2026-01")
            let step = try await test.database.text("SELECT encoding FROM durable.payloads WHERE name = 'weather'")
            #expect(step == "aes-gcm:2026-01")
            let stored = try await test.database.text(
                "SELECT payload::text FROM durable.payloads WHERE name = 'weather'"
            )
            #expect(try options.codecs?.decode(stored) == "\"sunny\"")
            #expect(try options.codecs?.decode("[1, 2]") == "[1, 2]")
        }
        #expect(!lines.all.contains { $0.contains(Card.number) })
    }

    @Test func `a workflow that was started in plain goes on encoded, and one that was encoded goes on in plain`()
        async throws
    {
        for isEncodedFirst in [false, true] {
            try await withTestDatabase { database in
                let plain = EngineOptions.testing
                let encoded = try EngineOptions.encrypting(["a": Keys.old], current: "a")
                // Codecs are needed for reading, whatever is written.
                var reading = encoded
                reading.codecs = try PayloadCodecs(
                    [DeflateCodec(), AESGCMCodec(keys: ["a": Keys.old], current: "a")]
                ) { _, _ in false }
                let payment = Payment()
                try await self.begin(database, isEncodedFirst ? encoded : plain, payment)
                let second = isEncodedFirst ? reading : encoded
                try await withTestEngine([payment], on: database, options: second, clock: .skipping) { test in
                    let result = try await self.finish(test)
                    #expect(result == self.expected)
                }
                #expect(payment.count["keep"] == 1)
                let encodings = try await database.text(
                    "SELECT string_agg(DISTINCT coalesce(encoding, 'plain'), ' ') FROM durable.payloads WHERE part = 'output'"
                )
                #expect(encodings == (isEncodedFirst ? "plain" : "aes-gcm:a"))
            }
        }
    }

    @Test func `a key is changed under way, and the old one is needed for what it has written`() async throws {
        try await withTestDatabase { database in
            let payment = Payment()
            try await self.begin(database, try .encrypting(["a": Keys.old], current: "a"), payment)

            // Without it the run is paused, and says which one it needs.
            let without = try EngineOptions.encrypting(["b": Keys.new], current: "b")
            try await withTestEngine([payment], on: database, options: without, clock: .skipping) { test in
                try await test.engine.signal("payment-1", "go on", "now")
                try await test.wait(for: .paused, of: "payment-1")
                let status = try await test.engine.handle(Payment.self, id: "payment-1").status()
                #expect(status.reason == .undecodable)
                let words = status.error?.message ?? ""
                #expect(
                    words.contains("aes-gcm:a") && words.contains("the key a is not among those of this process"),
                    "\(words)"
                )
                #expect(!words.contains(Card.number))
            }
            let both = try EngineOptions.encrypting(["a": Keys.old, "b": Keys.new], current: "b")
            try await withTestEngine([payment], on: database, options: both, clock: .skipping) { test in
                try await test.database.text("SELECT durable.resume('payment-1')::text")
                #expect(try await test.result(of: Payment.self, "payment-1") == self.expected)
            }
            #expect(payment.count["keep"] == 1)
            let output = try await database.text("SELECT encoding FROM durable.payloads WHERE part = 'output'")
            #expect(output == "aes-gcm:b")
        }
    }

    @Test
    func `workflows are started with plain JSON from SQL, and the same id with the same input is the same workflow`()
        async throws
    {
        let options = try EngineOptions.encrypting(["a": Keys.old], current: "a")
        try await withTestEngine([Payment()], options: options, clock: .skipping) { test in
            try await test.database.text(
                "SELECT durable.enqueue('payment', '{\"number\": \"4111-1111-1111-1111\", \"notes\": []}', 'payment-1')::text"
            )
            #expect(try await self.finish(test) == self.expected)

            let first = try await test.start(Payment.self, Card(), id: "payment-2")
            let second = try await test.start(Payment.self, Card(), id: "payment-2")
            #expect(first.isNew && !second.isNew)
            let conflict = await #expect(throws: DurableError.self) {
                try await test.start(Payment.self, Card(number: "another"), id: "payment-2")
            }
            #expect(conflict?.code == .workflowConflict)
            #expect(try await self.finish(test, "payment-2") == self.expected)
        }
    }

    @Test func `codecs are chosen by workflow, step and kind`() async throws {
        var options = EngineOptions.testing
        options.codecs = try PayloadCodecs(
            [DeflateCodec(), AESGCMCodec(keys: ["a": Keys.old], current: "a")]
        ) { codec, payload in
            codec.name == "deflate"
                || payload.workflow == "payment" && payload.kind == .step && payload.name != "weather"
        }
        try await withTestEngine([Payment()], options: options, clock: .skipping) { test in
            try await test.start(Payment.self, Card(), id: "payment-1")
            #expect(try await self.finish(test) == self.expected)
            let encodings = try await test.database.rows(
                """
                SELECT concat_ws(' ', part, name, coalesce(encoding, 'plain')) FROM durable.payloads
                WHERE part <> 'step' OR name IN ('keep', 'weather') ORDER BY 1
                """
            )
            #expect(
                encodings == ["input deflate", "output plain", "step keep deflate aes-gcm:a", "step weather plain"]
            )
        }
    }

    @Test func `a codec that fails records nothing in plain`() async throws {
        struct Broken: PayloadCodec {
            let name = "broken"

            func encode(_ bytes: [UInt8]) throws -> EncodedPayload? {
                throw PayloadCodecFailure("the key service does not answer")
            }

            func decode(_ bytes: [UInt8], key: String?) throws -> [UInt8] { bytes }
        }
        var options = EngineOptions.testing
        options.codecs = try PayloadCodecs([Broken()]) { _, payload in payload.kind != .input }
        try await withTestEngine([Refusal(), Payment()], options: options, clock: .skipping) { test in
            await #expect(throws: DurableError.self) {
                try await test.run(Refusal.self, Card(notes: []), id: "refusal-1")
            }
            let message = try await test.database.text("SELECT error ->> 'message' FROM durable.outcome")
            #expect(message == "(its words could not be encoded: PayloadCodecFailure)")
            let failure = await #expect(throws: DurableError.self) {
                try await test.run(Payment.self, Card(), id: "payment-1")
            }
            #expect(failure?.code == .workflowFailed)
            #expect(
                try await test.database.text("SELECT count(*)::text FROM durable.journal WHERE output IS NOT NULL")
                    == "0"
            )
        }
    }
}
