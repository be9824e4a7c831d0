// SPDX-License-Identifier: Apache-2.0

import Testing

@Suite struct UnrecordedCallTests {
    @Test func `an await without the context is not recorded, and is wrapped in a step`() throws {
        try expectLint(
            """
            let rate = try await self.rates.fetch(order.currency)  // warning: this call is not recorded: wrap it in a step
            let size = await self.warehouse.count  // warning: this call is not recorded: wrap it in a step
            return try await self.charge(order, in: workflow)
            """,
            fixed: """
                let rate = try await workflow.step("fetch") { _ in try await self.rates.fetch(order.currency) }
                let size = try await workflow.step("count") { _ in await self.warehouse.count }
                return try await self.charge(order, in: workflow)
                """
        )
    }

    @Test func `what the context answers by itself does not make a call a recorded one`() throws {
        try expectLint(
            """
            let log = await self.audit.write(workflow.workflowID, at: workflow.now)  // warning: this call is not recorded
            let key = await self.audit.open(workflow.uuid())  // warning: this call is not recorded: wrap it in a step
            """,
            fixed: """
                let log = try await workflow.step("write") { _ in await self.audit.write(workflow.workflowID, at: workflow.now) }
                let key = try await workflow.step("open") { _ in await self.audit.open(workflow.uuid()) }
                """
        )
    }

    @Test func `a branch is told with the name of its own context`() throws {
        try expectLint(
            """
            let sizes = try await workflow.map(order.lines) { line, branch in
                try await self.warehouse.size(of: line)  // warning: this call is not recorded: wrap it in a step
            }
            """,
            fixed: """
                let sizes = try await workflow.map(order.lines) { line, branch in
                    try await branch.step("size") { _ in try await self.warehouse.size(of: line) }
                }
                """
        )
        try expectLint(
            """
            _ = try await workflow.parallel({ try await $0.sleep(for: .seconds(1)) }, {
                _ = $0
                try await self.warehouse.close()  // warning: this call is not recorded: wrap it in a step
            })
            """,
            fixed: """
                _ = try await workflow.parallel({ try await $0.sleep(for: .seconds(1)) }, {
                    _ = $0
                    try await $0.step("close") { _ in try await self.warehouse.close() }
                })
                """
        )
    }

    @Test func `beside operators the call is named, and no fix is offered`() throws {
        try expectLint(
            """
            let total = try await self.rates.fetch() + 1  // warning: this call is not recorded: wrap it in a step
            """
        )
    }

    @Test func `a loop over what others send is not recorded`() throws {
        try expectLint(
            """
            for try await event in self.bus.events {  // warning: what this loop reads is not recorded: read it in a step
                try await self.apply(event, in: workflow)
            }
            """
        )
    }

    @Test func `helpers of the type that take the context are looked through, others are not`() throws {
        try expectLint(
            ofType: """
                struct Checkout {
                    func run(_ order: Order, in workflow: WorkflowContext) async throws { try await self.pay(in: workflow) }
                    private func pay(in outer: Durable.WorkflowContext) async throws {
                        _ = await self.bank.open()  // warning: this call is not recorded: wrap it in a step
                    }
                    #if os(Linux)
                        func ship(_ context: WorkflowContext) async {
                            _ = await self.carrier.open()  // warning: this call is not recorded: wrap it in a step
                        }
                    #endif
                    func fetch() async throws -> Int { try await self.bank.open() }
                    @Step func charge(in step: StepContext) async throws -> Date { await self.bank.charge(Date()) }
                }
                """,
            fixed: """
                struct Checkout {
                    func run(_ order: Order, in workflow: WorkflowContext) async throws { try await self.pay(in: workflow) }
                    private func pay(in outer: Durable.WorkflowContext) async throws {
                        _ = try await outer.step("open") { _ in await self.bank.open() }
                    }
                    #if os(Linux)
                        func ship(_ context: WorkflowContext) async {
                            _ = try await context.step("open") { _ in await self.carrier.open() }
                        }
                    #endif
                    func fetch() async throws -> Int { try await self.bank.open() }
                    @Step func charge(in step: StepContext) async throws -> Date { await self.bank.charge(Date()) }
                }
                """
        )
    }

    @Test func `a local function that takes the context is looked through`() throws {
        try expectLint(
            """
            func pay(_ inner: WorkflowContext) async throws {
                try await self.bank.close()  // warning: this call is not recorded: wrap it in a step
            }
            try await pay(workflow)
            """,
            fixed: """
                func pay(_ inner: WorkflowContext) async throws {
                    try await inner.step("close") { _ in try await self.bank.close() }
                }
                try await pay(workflow)
                """
        )
    }
}
