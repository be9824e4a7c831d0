// SPDX-License-Identifier: Apache-2.0

import Testing

@Suite struct AllowanceTests {
    @Test func `a line with a reason is silent, whatever the rule`() throws {
        try expectLint(
            """
            let start = Date()  // durable:allow — only logged
            let id = UUID() // durable:allow: goes to the log alone
            // durable:allow - the cache is warmed in each process anew
            await self.cache.warm()
            Task { await self.mailer.send() }  // durable:allow — best effort, may happen twice
            let region = getenv("REGION")  // durable:allow — the same on every machine
            for tag in self.tags {  // durable:allow — the steps do not depend on each other's order
                try await self.add(tag, in: workflow)
            }
            let charge = try? await self.charge(order, in: workflow)  // durable:allow — ends right after
            do {
                try await self.charge(order, in: workflow)
            } catch {  // durable:allow — ends right after
                return
            }
            let dice = Int.random(in: 1...6)  // durable:allow — not used for a decision
            async let label = self.printer.print()  // durable:allow — a hint to the printer
            try await Task.sleep(for: .seconds(1))  // durable:allow — a breath for the logger
            let zone = TimeZone.current  // durable:allow — all our servers are on UTC
            for await line in self.log {  // durable:allow — read for the tests alone
                print(line)
            }
            await withTaskGroup { group in  // durable:allow — warms caches
                group.addTask { await self.cache.warm() }
            }
            """
        )
    }

    @Test func `a silence is for one line`() throws {
        try expectLint(
            """
            // durable:allow — only logged
            let start = Date()
            let end = Date()  // warning: 'Date()' is another time on replay
            """,
            fixed: """
                // durable:allow — only logged
                let start = Date()
                let end = workflow.now
                """
        )
    }

    @Test func `without a reason it silences nothing, and says what it needs`() throws {
        try expectLint(
            """
            // durable:allow  // warning: 'durable:allow' needs a reason
            let start = Calendar.current  // warning: 'Calendar.current' is a setting of the process
            // durable:allow —  // warning: 'durable:allow' needs a reason
            let end = TimeZone.current  // warning: 'TimeZone.current' is a setting of the process
            """
        )
    }
}
