// SPDX-License-Identifier: Apache-2.0

import Durable
import DurableTesting
import Foundation
import TestSupport
import Testing

@Suite struct ReadmeTests {
    @Test func `the program of the README leaves the rows that the README shows`() async throws {
        try await withTestDatabase { database in
            let connection = try await PostgresConnection.connect(database.configuration)
            try await connection.execute("CREATE TABLE reservation (order_id text, sku text)")
            let checkout = Checkout(payments: PaymentsClient(), mailer: Mailer(), printer: LabelPrinter())
            try await database.withEngine([checkout], EngineOptions()) { engine in
                let order = Order()
                let handle = try await engine.start(Checkout.self, order, id: "checkout-\(order.id)")
                let receipt = try await handle.result()
                #expect(receipt == Receipt(charge: "charge-7", email: "mail-8", label: "label-9"))
            }
            for block in try Document("README.md").blocks("text") {
                guard let query = block.first, query.hasPrefix("shop=# SELECT") else { continue }
                let sql = String(query.dropFirst("shop=# ".count))
                let rows = try await connection.query(Query("\(unescaped: sql.replacing(";", with: ""))"))
                let shown = block.dropFirst(3).filter { $0.contains("|") }.map(cells)
                var found: [[String]] = []
                for row in rows {
                    found.append(try (0..<row.count).map { try row.text($0) })
                }
                #expect(found == shown, "\(sql)")
            }
        }
    }

    @Test func `the README and the configuration say how many connections an engine opens`() async throws {
        try await withTestDatabase { database in
            let logs = Recorder<String>()
            try await database.withEngine([Hello()], EngineOptions(), logs: logs) { _ in }
            let started = try #require(logs.all.first { $0.contains("engine.started") })
            let count = try #require(started.firstMatch(of: #/"connections": (\d+)/#)).1
            let words = "opens at most \(count)"
            for path in ["README.md", "\(Document.catalog)/Configuration.md"] {
                let text = try Document(path).text
                #expect(text.contains(words), "\(path)")
            }
        }
    }
}

private func cells(_ line: String) -> [String] {
    line.split(separator: "|", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
}

extension Row {
    /// A value as psql shows it, as far as the README needs it.
    fileprivate func text(_ column: Int) throws -> String {
        if self.isNull(column) { return "" }
        if let number = try? self.decode(column, as: Int32.self) { return "\(number)" }
        if let number = try? self.decode(column, as: Int16.self) { return "\(number)" }
        return try self.decode(column, as: String.self)
    }
}
