// SPDX-License-Identifier: Apache-2.0

import Testing

/// What is said of a function that cannot be a transaction, and what the fix-it makes of it.
@Suite struct TransactionMisuseTests {
    private static let cases: [(source: String, misuse: Misuse)] = [
        (
            "@Transaction func book(_ order: Order) async throws {}",
            Misuse(
                finding: """
                    1:23 missing-capability: a function with @Transaction takes a `Transaction` as its last parameter: only \
                    the engine makes one, so that the function cannot run unrecorded
                    """,
                fixes: [
                    """
                    add `in transaction: Transaction` -> @Transaction func book(_ order: Order, in transaction: \
                    Transaction) async throws {}
                    """
                ]
            )
        ),
        (
            "@Transaction func book(in step: StepContext) async throws {}",
            Misuse(
                finding: """
                    1:33 other-capability: @Transaction takes a `Transaction`; a function that takes a `StepContext` is a \
                    @Step
                    """,
                fixes: [
                    "use @Step -> @Step func book(in step: StepContext) async throws {}",
                    "take a `Transaction` -> @Transaction func book(in step: Transaction) async throws {}",
                ]
            )
        ),
        (
            "actor Bank { @Transaction func book(in tx: Transaction) async throws {} }",
            Misuse(
                finding: """
                    1:32 isolated-transaction: @Transaction on a function that is isolated to an actor: a transaction belongs \
                    to one task, and does not cross into an actor. Make the function `nonisolated`
                    """,
                fixes: [
                    """
                    add `nonisolated` -> actor Bank { @Transaction nonisolated func book(in tx: Transaction) async \
                    throws {} }
                    """
                ]
            )
        ),
        (
            "@MainActor class Bank { @Transaction public func book(in tx: Transaction) async throws {} }",
            Misuse(
                finding: """
                    1:50 isolated-transaction: @Transaction on a function that is isolated to an actor: a transaction belongs \
                    to one task, and does not cross into an actor. Make the function `nonisolated`
                    """,
                fixes: [
                    """
                    add `nonisolated` -> @MainActor class Bank { @Transaction public nonisolated func book(in tx: \
                    Transaction) async throws {} }
                    """
                ]
            )
        ),
        (
            "@Transaction @MainActor func book(in tx: Transaction) async throws {}",
            Misuse(
                finding: """
                    1:14 isolated-transaction: @Transaction on a function of @MainActor: a transaction belongs to one task, \
                    and does not cross into an actor. Take the attribute away
                    """
            )
        ),
        (
            "func outer() { @Transaction func book(in tx: Transaction) async throws {} }",
            Misuse(
                finding: """
                    1:16 local-function: @Transaction on a local function: no overload can be added beside it. Move the \
                    function out, or call `workflow.transaction("book") { … }` here
                    """
            )
        ),
    ]

    @Test(arguments: Self.cases.indices)
    func `a function that cannot be a transaction is told so, and how to mend it`(_ index: Int) {
        let (source, expected) = Self.cases[index]
        #expect(misuses(in: source).first == expected, "\(source)")
    }

    @Test func `nothing is said of an actor's functions that are not isolated, or are steps`() {
        let source = """
            actor Bank {
                @Transaction nonisolated func book(in tx: Transaction) async throws {}
                @Transaction static func all(in tx: Transaction) async throws {}
                @Step func ask(in step: StepContext) async throws {}
            }
            """
        #expect(misuses(in: source) == [])
    }
}
