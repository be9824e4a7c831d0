// SPDX-License-Identifier: Apache-2.0

import Testing

/// What stands beside an annotated function, for every kind of declaration.
@Suite struct CheckpointExpansionTests {
    private static let cases: [(source: String, overload: String, undo: String)] = [
        (
            #"""
            @Step func greet(_ name: String, in step: StepContext) async throws -> String { name }
            """#,
            #"""
            nonisolated(nonsending) func greet(_ name: String, in workflow: Durable.WorkflowContext) async throws -> String {
                try await workflow.step("greet", inputs: Durable.StepInputs(.checked, name)) { step in
                    try await greet(name, in: step)
                }
            }
            """#,
            #"""
            nonisolated(nonsending) func greet(_ name: String, in workflow: Durable.WorkflowContext, undo: nonisolated(nonsending) @escaping @Sendable (String?, Durable.StepContext) async throws -> Void) async throws -> String {
                try await workflow.step("greet", inputs: Durable.StepInputs(.checked, name), { step in
                    try await greet(name, in: step)
                }, undo: undo)
            }
            """#
        ),
        (
            #"""
            @Transaction(isolation: .serializable)
            func book(in tx: Transaction) async throws {}
            """#,
            #"""
            nonisolated(nonsending) func book(in workflow: Durable.WorkflowContext) async throws {
                try await workflow.transaction("book", isolation: .serializable) { transaction in
                    try await book(in: transaction)
                }
            }
            """#,
            #"""
            nonisolated(nonsending) func book(in workflow: Durable.WorkflowContext, undo: nonisolated(nonsending) @escaping @Sendable (Durable.Transaction) async throws -> Void) async throws {
                try await workflow.transaction("book", isolation: .serializable, { transaction in
                    try await book(in: transaction)
                }, undo: undo)
            }
            """#
        ),
        (
            #"""
            struct Library {
                /// Charges.
                ///
                /// Twice.
                @Step("pinned", retry: .never, timeout: .seconds(1), inputs: .strict, undoRetry: .never)
                @available(macOS 15, *) @discardableResult @inlinable @Logged @MainActor
                public final func charge(_ order: Order, from a: Int = 1, _: Bool, in step: StepContext) async throws -> Charge? { nil }
            }
            """#,
            #"""
            /// Charges.
                ///
                /// Twice.
                @available(macOS 15, *)
                @discardableResult
                @inlinable
                public final nonisolated(nonsending) func charge(_ order: Order, from a: Int = 1, _ input3: Bool, in workflow: Durable.WorkflowContext) async throws -> Charge? {
                    try await workflow.step("pinned", retry: .never, timeout: .seconds(1), inputs: Durable.StepInputs(.strict, order, a, input3)) { step in
                        try await self.charge(order, from: a, input3, in: step)
                    }
                }
            """#,
            #"""
            /// Charges.
                ///
                /// Twice.
                @available(macOS 15, *)
                @discardableResult
                @inlinable
                public final nonisolated(nonsending) func charge(_ order: Order, from a: Int = 1, _ input3: Bool, in workflow: Durable.WorkflowContext, undo: nonisolated(nonsending) @escaping @Sendable ((Charge?)?, Durable.StepContext) async throws -> Void) async throws -> Charge? {
                    try await workflow.step("pinned", retry: .never, timeout: .seconds(1), inputs: Durable.StepInputs(.strict, order, a, input3), undoRetry: .never, { step in
                        try await self.charge(order, from: a, input3, in: step)
                    }, undo: undo)
                }
            """#
        ),
        (
            #"""
            extension Outer.Checkout {
                @Transaction static func book(_ order: Order, using tx: borrowing Transaction) async throws -> Int { 1 }
            }
            """#,
            #"""
            static nonisolated(nonsending) func book(_ order: Order, in workflow: Durable.WorkflowContext) async throws -> Int {
                    try await workflow.transaction(DurableMacros.StepName.of("book", in: Self.self, called: "Checkout"), inputs: Durable.StepInputs(.checked, order)) { transaction in
                        try await Self.book(order, using: transaction)
                    }
                }
            """#,
            #"""
            static nonisolated(nonsending) func book(_ order: Order, in workflow: Durable.WorkflowContext, undo: nonisolated(nonsending) @escaping @Sendable (Int, Durable.Transaction) async throws -> Void) async throws -> Int {
                    try await workflow.transaction(DurableMacros.StepName.of("book", in: Self.self, called: "Checkout"), inputs: Durable.StepInputs(.checked, order), { transaction in
                        try await Self.book(order, using: transaction)
                    }, undo: undo)
                }
            """#
        ),
        (
            #"""
            actor Bank { @Step func ask<T: Codable & Sendable, each U>(_ t: sending T, _ u: repeat each U, _ step: StepContext) async throws(Refused) -> T where T: Hashable { t } }
            """#,
            #"""
            nonisolated(nonsending) func ask<T: Codable & Sendable, each U>(_ t: T, _ u: repeat each U, in workflow: Durable.WorkflowContext) async throws -> T where T: Hashable {
                try await workflow.step(DurableMacros.StepName.of("ask", in: Self.self, called: "Bank"), failures: DurableMacros.ThrownError.recorded(Refused.self), inputs: Durable.StepInputs(.checked, t, repeat each u)) { step in
                    try await self.ask(t, repeat each u, step)
                }
            }
            """#,
            #"""
            nonisolated(nonsending) func ask<T: Codable & Sendable, each U>(_ t: T, _ u: repeat each U, in workflow: Durable.WorkflowContext, undo: nonisolated(nonsending) @escaping @Sendable (T?, Durable.StepContext) async throws -> Void) async throws -> T where T: Hashable {
                try await workflow.step(DurableMacros.StepName.of("ask", in: Self.self, called: "Bank"), failures: DurableMacros.ThrownError.recorded(Refused.self), inputs: Durable.StepInputs(.checked, t, repeat each u), { step in
                    try await self.ask(t, repeat each u, step)
                }, undo: undo)
            }
            """#
        ),
        (
            #"""
            @Workflow struct W { @Step(inputs: .ignored) private func `repeat`(workflow: Int, step: Int, undo: (Int, Int), in capability: Durable.StepContext) async throws -> [any P] { [] } }
            """#,
            #"""
            private nonisolated(nonsending) func `repeat`(workflow: Int, step: Int, undo: (Int, Int), in workflow_: Durable.WorkflowContext) async throws -> [any P] {
                try await workflow_.step("repeat") { step_ in
                    try await self.`repeat`(workflow: workflow, step: step, undo: undo, in: step_)
                }
            }
            """#,
            #"""
            private nonisolated(nonsending) func `repeat`(workflow: Int, step: Int, undo: (Int, Int), in workflow_: Durable.WorkflowContext, undo undo_: nonisolated(nonsending) @escaping @Sendable (([any P])?, Durable.StepContext) async throws -> Void) async throws -> [any P] {
                try await workflow_.step("repeat", { step_ in
                    try await self.`repeat`(workflow: workflow, step: step, undo: undo, in: step_)
                }, undo: undo_)
            }
            """#
        ),
        (
            #"""
            class Machine { @Step open override class func kind(in step: StepContext) async throws -> String { "" } }
            """#,
            #"""
            open override class nonisolated(nonsending) func kind(in workflow: Durable.WorkflowContext) async throws -> String {
                try await workflow.step(DurableMacros.StepName.of("kind", in: Self.self, called: "Machine")) { step in
                    try await Self.kind(in: step)
                }
            }
            """#,
            #"""
            open override class nonisolated(nonsending) func kind(in workflow: Durable.WorkflowContext, undo: nonisolated(nonsending) @escaping @Sendable (String?, Durable.StepContext) async throws -> Void) async throws -> String {
                try await workflow.step(DurableMacros.StepName.of("kind", in: Self.self, called: "Machine"), { step in
                    try await Self.kind(in: step)
                }, undo: undo)
            }
            """#
        ),
        (
            #"""
            enum Parity { @Step func name(in step: StepContext) async throws -> Void {} }
            """#,
            #"""
            nonisolated(nonsending) func name(in workflow: Durable.WorkflowContext) async throws -> Void {
                try await workflow.step(DurableMacros.StepName.of("name", in: Self.self, called: "Parity")) { step in
                    try await self.name(in: step)
                }
            }
            """#,
            #"""
            nonisolated(nonsending) func name(in workflow: Durable.WorkflowContext, undo: nonisolated(nonsending) @escaping @Sendable (Durable.StepContext) async throws -> Void) async throws -> Void {
                try await workflow.step(DurableMacros.StepName.of("name", in: Self.self, called: "Parity"), { step in
                    try await self.name(in: step)
                }, undo: undo)
            }
            """#
        ),
    ]

    @Test(arguments: Self.cases.indices)
    func `an annotated function has two overloads that take the context`(_ index: Int) {
        let (source, overload, undo) = Self.cases[index]
        #expect(overloads(of: source) == [overload, undo], "\(source)")
    }
}
