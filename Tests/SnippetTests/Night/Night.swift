// SPDX-License-Identifier: Apache-2.0

import Durable
import DurableTesting
import Foundation
import Synchronization
import TestSupport
import Testing

/// One situation of the runbook, and the person on call who types what the page says.
struct Night {
    let database: TestDatabase
    private let connection: PostgresConnection
    private let statements: [String]

    /// Runs the body with an empty database, and the statements of a section of the page.
    static func situation(_ number: Int, _ body: (Night) async throws -> Void) async throws {
        let statements = try self.statements(of: "\(number).")
        try await withTestDatabase { database in
            let connection = try await PostgresConnection.connect(database.configuration)
            defer { connection.close() }
            // With the rights of a person, and no more.
            try await connection.execute("SET ROLE durable_operator")
            try await body(Night(database: database, connection: connection, statements: statements))
        }
    }

    /// The statements of the section whose title begins so, in their order.
    static func statements(of title: String) throws -> [String] {
        let page = try Document("\(Document.catalog)/Runbook.md").text
        let section = try #require(
            page.components(separatedBy: "\n### ").first { $0.hasPrefix(title) },
            "no section \(title)"
        )
        return section.components(separatedBy: "```sql\n").dropFirst().flatMap { block in
            (block.components(separatedBy: "```").first ?? "").components(separatedBy: ";\n")
                .map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }.filter { !$0.isEmpty }
        }
    }

    /// How many statements the section has.
    var count: Int { self.statements.count }

    /// Types a statement of the page, and returns what it answers: a JSON object for each row.
    @discardableResult
    func type(_ index: Int, replacing part: (String, String)? = nil) async throws -> [[String: Any]] {
        var statement = self.statements[index]
        if let (old, new) = part {
            #expect(statement.contains(old), "\(statement)")
            statement = statement.replacing(old, with: new)
        }
        return try await self.ask(statement)
    }

    /// Asks something that is not on the page.
    func ask(_ sql: String) async throws -> [[String: Any]] {
        let rows = try await self.connection.query(Query("SELECT row_to_json(t)::text FROM (\(unescaped: sql)) AS t"))
        return try rows.map { row in
            try JSONSerialization.jsonObject(with: Data(row.decode(0, as: String.self).utf8)) as? [String: Any] ?? [:]
        }
    }

    /// Where a workflow stands.
    func state(_ id: String) async throws -> String {
        try await self.ask("SELECT state FROM durable.workflows WHERE id = '\(id)'").first?["state"] as? String ?? ""
    }

    /// Waits until a workflow has come to a state.
    func wait(for state: String, of id: String) async throws {
        try await eventually("\(id) is \(state)") { try await self.state(id) == state }
    }

    /// Runs an engine with these workflows beside the body.
    func engine(
        _ workflows: [any Workflow],
        name: String = "web-1",
        _ body: (DurableEngine) async throws -> Void
    ) async throws {
        var options = EngineOptions()
        options.name = name
        options.poll = .milliseconds(50)
        options.hold = .zero
        options.lease = .seconds(3)
        options.drain = .milliseconds(50)
        try await self.database.withEngine(workflows, options, body)
    }
}

/// What a checkout is for.
struct Amount: Codable, Sendable, Equatable {
    var amount: Int
}

/// A workflow of the name that the page uses, whose program is handed in.
struct NightCheckout: Workflow {
    static let name = "checkout"

    let body: @Sendable (Amount, WorkflowContext) async throws -> String

    init(_ body: @escaping @Sendable (Amount, WorkflowContext) async throws -> String) { self.body = body }

    func run(_ input: Amount, in workflow: WorkflowContext) async throws -> String {
        try await self.body(input, workflow)
    }
}

/// Something that is out of order until it is mended, and counts how often it was asked.
final class Machine: Sendable {
    private let isMended = Atomic(false)
    private let asked = Atomic(0)

    var count: Int { self.asked.load(ordering: .sequentiallyConsistent) }

    func mend() { self.isMended.store(true, ordering: .sequentiallyConsistent) }

    /// Counts, and returns how often it was asked.
    @discardableResult
    func ask() throws -> Int {
        let count = self.asked.add(1, ordering: .sequentiallyConsistent).newValue
        guard self.isMended.load(ordering: .sequentiallyConsistent) else { throw OutOfOrder() }
        return count
    }

    struct OutOfOrder: Error, CustomStringConvertible {
        var description: String { "no reply from card service 7" }
    }
}
