// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftParser
import SwiftSyntax
import Testing

@testable import DurableMacrosPlugin

/// Ordinary good code: a warning about it would cost more than a mistake that is missed.
@Suite struct GoodCodeTests {
    @Test func `nothing is said of the code of the README, the articles, the demo and the fault worker`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        var types = 0
        for folder in ["Tests/SnippetTests", "Sources/durable-demo", "Tests/FaultWorker/Workflows"] {
            let files = try #require(
                FileManager.default.enumerator(at: root.appending(path: folder), includingPropertiesForKeys: nil)
            )
            for case let file as URL in files where file.pathExtension == "swift" {
                let source = Parser.parse(source: try String(contentsOf: file, encoding: .utf8))
                for statement in source.statements {
                    guard let type = statement.item.asProtocol((any DeclGroupSyntax).self) else { continue }
                    if type.trimmedDescription.contains("WorkflowContext") { types += 1 }
                    let messages = Self.messages(about: type)
                    #expect(messages.isEmpty, "\(file.lastPathComponent)")
                }
            }
        }
        #expect(types >= 10)
    }

    private static func messages(about type: some DeclGroupSyntax) -> [String] {
        WorkflowLint.findings(in: type).map { "\($0.message): \($0.node.trimmedDescription.prefix(200))" }
    }

    @Test func `bodies of steps and transactions may do anything`() throws {
        try expectLint(
            """
            let charge = try await workflow.step("charge", retry: .never) { step in
                let start = Date()
                async let rate = self.rates.fetch()
                try await Task.sleep(for: .seconds(1))
                for tag in self.tags { await self.mailer.send(tag, UUID()) }
                return try await self.bank.charge(rate, Int.random(in: 1...6), start)
            } undo: { charge, step in
                try? await self.bank.refund(charge, at: Date())
            }
            try await workflow.transaction("reserve") { tx in
                try await tx.execute("INSERT INTO stock VALUES (\\(UUID()))")
            }
            _ = try await workflow.step("now") { _ in Date() }
            try await workflow.poll("export", every: .seconds(1)) { step in try await self.bank.status(Date()) }
            """
        )
    }

    @Test func `branches, and branches in branches, use their own contexts`() throws {
        try expectLint(
            """
            let (email, label) = try await workflow.parallel(
                { branch in try await self.sendEmail(order, in: branch) },
                { branch in
                    let sizes = try await branch.map(order.lines) { line, inner in
                        try await inner.sleep(for: .seconds(1))
                        return try await self.size(of: line, in: inner)
                    }
                    let at = branch.now
                    return try await branch.step("print") { step in try await self.printer.print(sizes, at) }
                })
            let first = try await workflow.race(
                { try await self.pay(in: $0) },
                { (branch: WorkflowContext) in try await branch.sleep(for: .seconds(3600)); return false })
            _ = try await workflow.map(order.lines) { try await self.size(of: $0, in: $1) }
            _ = try await workflow.scope("notify") { scope in try await scope.step("email") { _ in 1 } }
            """
        )
    }

    @Test func `helpers take the context in any place, and wrappers keep it`() throws {
        try expectLint(
            """
            try await Self.pay(order, in: workflow)
            try await pay(workflow, order)
            try await Desk(workflow).open(order)
            let desk = Desk(context: workflow, order: order)
            try await desk.open()
            try await self.desk(for: workflow).close()
            let context = workflow
            try await context.step("a") { _ in 1 }
            func twice() async throws -> Int { try await workflow.step("b") { _ in 1 } * 2 }
            _ = try await twice()
            let send = { (name: String) in try await workflow.step(name) { _ in 1 } }
            _ = try await send("c")
            try await self.audited("pay", in: workflow) { try await self.bank.pay(Date()) }
            try await self.timed { try await self.pay(order, in: workflow) }
            let sum = try await 1 + workflow.step("d") { _ in 1 }
            let receipt = try await Receipt(charge: self.charge(order, in: workflow))
            if let approval = try await workflow.receive(Approval.self, "approval", within: .days(3)) { use(approval) }
            let child = try await workflow.start(Resize.self, order)
            let size = try await child.result()
            await Task.yield()
            try Task.checkCancellation()
            """
        )
    }

    @Test func `messages of the workflow are read in a loop, and answered`() throws {
        try expectLint(
            """
            for try await approval in workflow.messages(Approval.self, "approval") {
                try await self.apply(approval, in: workflow)
            }
            let inbox = workflow.messages(Approval.self, "approval")
            for try await request in inbox {
                try await request.answer(true)
            }
            """
        )
    }

    @Test func `dates, calendars and numbers that are written down are the same everywhere`() throws {
        try expectLint(
            """
            let epoch = Date(timeIntervalSince1970: 0)
            let due = workflow.now.addingTimeInterval(60)
            var calendar = Calendar(identifier: .gregorian)
            calendar.timeZone = TimeZone(identifier: "Europe/Berlin") ?? .gmt
            let id = UUID(uuidString: order.id)
            let dice = Int.random(in: 1...6, using: &workflow.random)
            let lines = order.lines.shuffled(using: &workflow.random)
            let delivery: Delivery = .now
            let task = Task(name: "paint", due: due)
            let current = self.shop.current
            let text = String(describing: order)
            """
        )
    }

    @Test func `ordered collections, and unordered ones without durable calls, are gone through as they are`() throws {
        try expectLint(
            """
            for line in order.lines { try await self.add(line, in: workflow) }
            for (sku, price) in self.prices.sorted(by: { $0.key < $1.key }) { try await self.add(sku, in: workflow) }
            for tag in self.tags.sorted() { try await self.add(tag, in: workflow) }
            for tag in Set(order.names).sorted() { try await self.add(tag, in: workflow) }
            for tag in self.prices.keys.sorted() { try await self.add(tag, in: workflow) }
            var total = 0
            for price in self.prices.values { total += price }
            let table: OrderedDictionary<String, Int> = [:]
            for key in table.keys { try await self.add(key, in: workflow) }
            let other = OrderedSet(order.names)
            for name in other { try await self.add(name, in: workflow) }
            for index in 0..<3 { try await self.add(index, in: workflow) }
            _ = try await workflow.map(order.lines.map(\\.sku)) { sku, branch in try await self.add(sku, in: branch) }
            let names = order.tags.map(\\.name)
            for name in names { try await self.add(name, in: workflow) }
            """
        )
    }

    @Test func `closures that are kept for a step are left alone`() throws {
        try expectLint(
            """
            let body: @Sendable (StepContext) async throws -> Int = { step in try await self.bank.open(Date()) }
            _ = try await workflow.step("open", body)
            let retrier = Retrier { try await self.bank.open() }
            func fetch() async throws -> Int { try await self.bank.count(at: Date()) }
            _ = try await workflow.step("count") { _ in try await fetch() }
            """
        )
    }

    @Test func `nothing is said of a whole checkout`() throws {
        try expectLint(
            ofType: """
                struct Checkout {
                    let payments: PaymentsClient

                    func run(_ order: Order, in workflow: WorkflowContext) async throws -> Receipt {
                        let reservation = try await reserve(order, in: workflow)
                        let charge = try await charge(order, in: workflow)
                        guard let approval = try await workflow.receive(Approval.self, "approval", within: .days(3)) else {
                            try await release(reservation, in: workflow)
                            throw CheckoutFailure.notApproved
                        }
                        try await workflow.sleep(for: .minutes(10))
                        let (email, label) = try await workflow.parallel(
                            { branch in try await self.sendEmail(order, in: branch) },
                            { branch in try await self.printLabel(order, in: branch) })
                        return Receipt(charge: charge, approval: approval, email: email, label: label)
                    }

                    @Transaction
                    func reserve(_ order: Order, in tx: Transaction) async throws -> Reservation {
                        try await tx.execute("INSERT INTO reservation (order_id) VALUES (\\(order.id))")
                        return Reservation(orderID: order.id)
                    }

                    @Step(retry: .exponential(attempts: 5))
                    func charge(_ order: Order, in step: StepContext) async throws -> Charge {
                        try await payments.charge(order.total, idempotencyKey: step.idempotencyKey)
                    }
                }
                """
        )
    }
}
