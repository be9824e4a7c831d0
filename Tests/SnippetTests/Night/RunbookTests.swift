// SPDX-License-Identifier: Apache-2.0

import Durable
import DurableTesting
import TestSupport
import Testing

/// Each situation of the runbook is made to happen, and ended with the page's own statements.
@Suite struct RunbookTests {
    @Test func `the page begins with what the system itself says, and has ten situations`() async throws {
        #expect(try Night.statements(of: "# Runbook").count == 1)
        for number in 1...10 { #expect(try !Night.statements(of: "\(number).").isEmpty) }
        let first = try Night.statements(of: "# Runbook")[0]
        try await Night.situation(1) { night in
            let rows = try await night.ask(first)
            #expect(rows.isEmpty)
        }
    }

    @Test func `1 stuck: why says what it waits for, and the signal lets it go on`() async throws {
        let program = NightCheckout { _, workflow in
            let approval = try await workflow.receive(
                Signal<[String: String]>("approval"),
                within: .seconds(3 * 86_400)
            )
            return approval?["by"] ?? "nobody"
        }
        try await Night.situation(1) { night in
            #expect(night.count == 3)
            try await night.engine([program]) { engine in
                let handle = try await engine.start(NightCheckout.self, Amount(amount: 1), id: "checkout-1")
                try await night.wait(for: "waiting", of: "checkout-1")
                let why = try await night.type(0)
                #expect((why[0]["sentence"] as? String)?.hasPrefix("It waits for signal approval") == true, "\(why)")
                let waits = try await night.type(1)
                #expect(waits.map { $0["name"] as? String } == ["approval"])
                try await night.type(2)
                #expect(try await handle.result() == "on call")
            }
        }
    }

    @Test func `2 crash loop: it is paused, its neighbour goes on, and it resumes when it is mended`() async throws {
        let program = NightCheckout { _, workflow in
            try await workflow.step("reserve") { _ in "done" }
            return try await workflow.step("print") { _ in "printed" }
        }
        try await Night.situation(2) { night in
            // A process that died for the tenth time: its lease is over, and what it ran has recorded nothing new.
            let superuser = try await PostgresConnection.connect(night.database.configuration)
            for statement in [
                "INSERT INTO durable.executor (id, name, host, pid) VALUES (gen_random_uuid(), 'web-0', 'h', 1)",
                """
                INSERT INTO durable.workflow (id, name, input) VALUES ('checkout-2', 'checkout', '{"amount":1}'), ('n', 'checkout', '{"amount":1}')
                """,
                """
                INSERT INTO durable.journal (workflow_id, scope, position, phase, kind, executor, run, name, output)
                VALUES ('checkout-2', '', 0, 0, 1, 1, 1, 'reserve', '"done"')
                """,
                """
                INSERT INTO durable.live (workflow_id, name, state, executor, epoch, run, recoveries, progress)
                VALUES ('checkout-2', 'checkout', 'running', 1, 1, 1, 9, 1), ('n', 'checkout', 'running', 1, 1, 2, 0, 0)
                """,
            ] { try await superuser.execute(Query("\(unescaped: statement)")) }
            superuser.close()
            try await night.engine([program]) { engine in
                try await night.wait(for: "paused", of: "checkout-2")
                try await night.wait(for: "succeeded", of: "n")
                let attention = try await night.type(0)
                #expect(attention.map { $0["workflow_id"] as? String } == ["checkout-2"])
                #expect((attention[0]["what"] as? String)?.hasPrefix("crash_loop") == true, "\(attention)")
                let steps = try await night.type(1)
                #expect(steps.map { $0["step"] as? String } == ["reserve"])
                try await night.type(2)
                #expect(try await engine.handle(NightCheckout.self, id: "checkout-2").result() == "printed")
            }
        }
    }

    @Test func `3 bad deploy: the type is stopped, and goes on after the way back`() async throws {
        let good = NightCheckout { _, workflow in
            try await workflow.step("reserve") { _ in "done" }
            try await workflow.sleep(for: .milliseconds(700))
            return try await workflow.step("charge") { _ in "charged" }
        }
        let bad = NightCheckout { _, workflow in
            try await workflow.step("refund") { _ in "an effect that must not happen" }
        }
        try await Night.situation(3) { night in
            try await night.engine([good]) { engine in
                for number in 1...3 {
                    try await engine.start(NightCheckout.self, Amount(amount: number), id: "c\(number)")
                }
                for number in 1...3 { try await night.wait(for: "waiting", of: "c\(number)") }
            }
            try await night.engine([bad]) { engine in
                for number in 1...3 { try await night.wait(for: "paused", of: "c\(number)") }
                let counts = try await night.type(0)
                #expect(counts.count == 1)
                #expect(counts[0]["reason"] as? String == "diverged")
                #expect(counts[0]["count"] as? Int == 3)
                try await night.type(1)
                // Seen by every process within its poll interval.
                try await eventually("the process has looked") {
                    let id = "new-\(UInt32.random(in: 0 ... .max))"
                    try await engine.start(NightCheckout.self, Amount(amount: 1), id: id)
                    return try await night.ask("SELECT sentence FROM durable.why('\(id)')")
                        .contains { ($0["sentence"] as? String)?.contains("has been paused by") == true }
                }
            }
            try await night.engine([good]) { engine in
                try await night.type(2)
                let resumed = try await night.type(3)
                #expect(Set(resumed.compactMap { $0["id"] as? String }).isSuperset(of: ["c1", "c2", "c3"]))
                for number in 1...3 {
                    let result = try await engine.handle(NightCheckout.self, id: "c\(number)").result()
                    #expect(result == "charged")
                }
            }
        }
    }

    @Test func `5 a step that always fails: one row in errors, and all of them go on from it`() async throws {
        let machine = Machine()
        let reserved = Machine()
        reserved.mend()
        let program = NightCheckout { _, workflow in
            try await workflow.step("reserve") { _ in try reserved.ask() }
            try await workflow.step("charge", retry: .never) { _ in try machine.ask() }
            return "charged"
        }
        try await Night.situation(5) { night in
            try await night.engine([program]) { engine in
                for number in 1...4 {
                    try await engine.start(NightCheckout.self, Amount(amount: number), id: "c\(number)")
                }
                for number in 1...4 { try await night.wait(for: "failed", of: "c\(number)") }
                let errors = try await night.type(0)
                #expect(errors.count == 1)
                #expect(errors[0]["workflows"] as? Int == 4)
                #expect(errors[0]["fingerprint"] as? String == "no reply from card service #")
                machine.mend()
                let retried = try await night.type(1)
                #expect(retried.count == 4)
                for number in 1...4 {
                    #expect(try await engine.handle(NightCheckout.self, id: "c\(number)").result() == "charged")
                }
                #expect(reserved.count == 4, "what was recorded is not run again")
            }
        }
    }

    @Test func `6 too many retries: they are held, and go on when the service is back`() async throws {
        let machine = Machine()
        let program = NightCheckout { _, workflow in
            try await workflow.step("charge", retry: .constant(attempts: 100_000, delay: .milliseconds(200))) { _ in
                try machine.ask()
            }
            return "charged"
        }
        try await Night.situation(6) { night in
            try await night.engine([program]) { engine in
                for number in 1...2 {
                    try await engine.start(NightCheckout.self, Amount(amount: number), id: "c\(number)")
                }
                try await eventually("both are tried again") {
                    try await Set(night.type(0).compactMap { $0["workflow_id"] as? String }).count == 2
                }
                // Between two attempts it may be queued, which the page's statement leaves out: again until both are held.
                try await eventually("both are held") {
                    try await night.type(1)
                    for number in 1...2 where try await night.state("c\(number)") != "paused" { return false }
                    return true
                }
                let asked = machine.count
                machine.mend()
                #expect(asked >= 2)
                #expect(try await night.type(2).count == 2)
                for number in 1...2 {
                    #expect(try await engine.handle(NightCheckout.self, id: "c\(number)").result() == "charged")
                }
            }
        }
    }
}
