// SPDX-License-Identifier: Apache-2.0

import Durable
import DurableTesting
import Foundation
import Testing

/// The page about psql and other languages: what it shows is what happens.
@Suite struct AnyLanguageTests {
    /// A checkout whose card terminal hangs for the first of them, in the middle of its step.
    private static func checkout(_ reserved: Machine) -> NightCheckout {
        reserved.mend()
        return NightCheckout { _, workflow in
            try await workflow.step("reserve") { _ in
                try reserved.ask()
            } undo: { _, _ in
            }
            try await workflow.step("charge") { step in
                if step.workflow == "checkout-1001" { try await Task.sleep(for: .seconds(86_400)) }
            }
            let approval = try await workflow.receive(
                Signal<[String: String]>("approval"),
                within: .seconds(3 * 86_400)
            )
            return approval?["by"] ?? ""
        }
    }

    @Test func `from psql: started, watched, signalled, forked, cancelled and explained, in the middle of a step`()
        async throws
    {
        let entries = try Self.transcript()
        #expect(entries.count >= 12)
        let reserved = Machine()
        try await Night.situation(1) { night in
            try await night.engine([Self.checkout(reserved)]) { _ in
                for (statement, shown) in entries {
                    // What is looked at comes about within the poll interval; what is asked for is asked for once.
                    let isLook = statement.contains("FROM durable.") && !statement.contains("durable.enqueue")
                    let wanted = shown.map(Self.normal)
                    var said: [String] = []
                    let end = ContinuousClock.now + .seconds(60)
                    repeat {
                        let run = try await Shell.run([
                            "psql", "-X", "-v", "SHOW_CONTEXT=never", "-P", "pager=off", "-d",
                            night.database.connectionString,
                            "-c", "SET ROLE durable_operator", "-c", statement,
                        ])
                        said = run.output.split(separator: "\n").map { Self.normal(String($0)) }.filter {
                            !$0.isEmpty && $0 != "SET"
                        }
                    } while isLook && said != wanted && ContinuousClock.now < end
                    #expect(said == wanted, "\(statement)")
                }
                #expect(reserved.count == 1, "the copy has not reserved again")
            }
        }
    }

    @Test(.enabled("Scripts/psycopg can make a Python with the driver") { Python.path != nil })
    func `from Python: nothing is started when the transaction rolls back, and it runs when it commits`() async throws {
        let python = try #require(Python.path)
        let program = try Self.python()
        try await Night.situation(1) { night in
            let superuser = try await PostgresConnection.connect(night.database.configuration)
            defer { superuser.close() }
            try await superuser.execute("CREATE TABLE orders (id text PRIMARY KEY, amount integer NOT NULL)")
            func run(_ environment: [String: String]) async throws -> Shell {
                try await Shell.run(
                    [python, "-c", program],
                    environment: environment.merging(["DATABASE_URL": night.database.connectionString]) { $1 }
                )
            }
            let sold = try await run(["SOLD_OUT": "1"])
            #expect(sold.status == 0, "\(sold.output)")
            #expect(sold.output == "checkout-1001 True\n")
            for table in ["orders", "durable.workflow", "durable.live"] {
                #expect(try await superuser.query("SELECT FROM \(unescaped: table)").isEmpty, "\(table)")
            }
            let bought = try await run([:])
            #expect(bought.output == "checkout-1001 True\n")
            #expect(try await superuser.query("SELECT FROM orders").count == 1)
            let checkout = NightCheckout { input, _ in "\(input.amount)" }
            try await night.engine([checkout]) { engine in
                let result = try await engine.handle(NightCheckout.self, id: "checkout-1001").result()
                #expect(result == "49")
            }
        }
    }

    // MARK: - The page

    private static func text() throws -> String { try Document("\(Document.catalog)/FromAnyLanguage.md").text }

    /// What is typed, and what is shown below it.
    private static func transcript() throws -> [(statement: String, shown: [String])] {
        var entries: [(statement: String, shown: [String])] = []
        var isInside = false
        for line in try self.text().split(separator: "\n") {
            if line.hasPrefix("```") {
                isInside = line == "```console"
            } else if isInside, line.hasPrefix("shop=> ") {
                entries.append((String(line.dropFirst("shop=> ".count)), []))
            } else if isInside {
                entries[entries.count - 1].shown.append(String(line))
            }
        }
        return entries
    }

    /// The line without what differs from day to day, and from width to width.
    private static func normal(_ line: String) -> String {
        line.replacing(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/, with: "TIME").replacing(/-+/, with: "-")
            .replacing(/\s+/, with: " ").trimmingCharacters(in: .whitespaces)
    }

    private static func python() throws -> String {
        let block = try #require(try self.text().components(separatedBy: "```python\n").dropFirst().first)
        return try #require(block.components(separatedBy: "```").first)
    }
}

/// The Python that `Scripts/psycopg` makes.
enum Python {
    /// Its path; nil where it cannot be made, and the script has said why.
    static let path: String? = {
        let script = Document.root.appending(path: "Scripts/psycopg").path
        guard let run = try? Shell.runNow([script], errorsToOutput: false), run.status == 0 else { return nil }
        return run.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }()
}
