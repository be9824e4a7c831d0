// SPDX-License-Identifier: Apache-2.0

import Testing

/// What is said of a function that cannot be a step, and what the fix-it makes of it.
@Suite struct StepMisuseTests {
    private static let cases: [(source: String, misuse: Misuse)] = [
        (
            "@Step func charge(_ order: Order) async throws -> Charge { Charge() }",
            Misuse(
                finding: """
                    1:18 missing-capability: a function with @Step takes a `StepContext` as its last parameter: only the \
                    engine makes one, so that the function cannot run unrecorded
                    """,
                fixes: [
                    """
                    add `in step: StepContext` -> @Step func charge(_ order: Order, in step: StepContext) async throws -> \
                    Charge { Charge() }
                    """
                ]
            )
        ),
        (
            "@Step func ping() async throws {}",
            Misuse(
                finding: """
                    1:16 missing-capability: a function with @Step takes a `StepContext` as its last parameter: only the \
                    engine makes one, so that the function cannot run unrecorded
                    """,
                fixes: ["add `in step: StepContext` -> @Step func ping(in step: StepContext) async throws {}"]
            )
        ),
        (
            "@Step func charge(in step: StepContext, _ order: Order) async throws {}",
            Misuse(
                finding: "1:19 misplaced-capability: the `StepContext` is the last parameter of a function with @Step",
                fixes: ["move it to the end -> @Step func charge(_ order: Order, in step: StepContext) async throws {}"]
            )
        ),
        (
            "@Step func charge(_ a: StepContext, _ b: StepContext) async throws {}",
            Misuse(finding: "1:19 second-capability: @Step takes one `StepContext`, as the last parameter")
        ),
        (
            "@Step func charge(in tx: Transaction) async throws {}",
            Misuse(
                finding: """
                    1:26 other-capability: @Step takes a `StepContext`; a function that takes a `Transaction` is a \
                    @Transaction
                    """,
                fixes: [
                    "use @Transaction -> @Transaction func charge(in tx: Transaction) async throws {}",
                    "take a `StepContext` -> @Step func charge(in tx: StepContext) async throws {}",
                ]
            )
        ),
        (
            "@Step func charge(in workflow: WorkflowContext) async throws {}",
            Misuse(
                finding: """
                    1:32 workflow-context: a function with @Step takes a `StepContext`, not the `WorkflowContext`: nothing \
                    durable can be done within a step, and @Step writes the overload that takes the context
                    """,
                fixes: ["take a `StepContext` -> @Step func charge(in workflow: StepContext) async throws {}"]
            )
        ),
        (
            "@Step func charge(in step: StepContext) -> Int { 1 }",
            Misuse(
                finding: """
                    1:12 not-async-throws: a function with @Step is `async throws`: its checkpoint is waited for, and can fail
                    """,
                fixes: ["add `async throws` -> @Step func charge(in step: StepContext) async throws -> Int { 1 }"]
            )
        ),
        (
            "@Step func charge(in step: StepContext) throws -> Int { 1 }",
            Misuse(
                finding: """
                    1:12 not-async-throws: a function with @Step is `async throws`: its checkpoint is waited for, and can fail
                    """,
                fixes: ["add `async` -> @Step func charge(in step: StepContext) async throws -> Int { 1 }"]
            )
        ),
        (
            "@Step func charge(in step: StepContext) async -> Int { 1 }",
            Misuse(
                finding: """
                    1:12 not-async-throws: a function with @Step is `async throws`: its checkpoint is waited for, and can fail
                    """,
                fixes: ["add `throws` -> @Step func charge(in step: StepContext) async throws -> Int { 1 }"]
            )
        ),
        (
            "@Step func charge(_ order: inout Order, in step: StepContext) async throws {}",
            Misuse(
                finding: """
                    1:19 inout-parameter: `order` is `inout`: a change to it would be lost on replay. Return the new value \
                    instead
                    """,
                fixes: ["remove `inout` -> @Step func charge(_ order: Order, in step: StepContext) async throws {}"]
            )
        ),
        (
            "@Step func charge(_ orders: Order..., in step: StepContext) async throws {}",
            Misuse(
                finding: "1:19 variadic-parameter: `orders` is variadic, and could not be handed on: take an array",
                fixes: ["take `[Order]` -> @Step func charge(_ orders: [Order], in step: StepContext) async throws {}"]
            )
        ),
        (
            "@Step func charge(by make: @escaping @Sendable () -> Order, in step: StepContext) async throws {}",
            Misuse(
                finding: """
                    1:19 closure-parameter: `make` is a closure, which is no input that could be recorded or compared: pass \
                    values
                    """
            )
        ),
        (
            "@Step func charge(on actor: isolated Bank, in step: StepContext) async throws {}",
            Misuse(
                finding: """
                    1:19 isolated-parameter: `actor` is `isolated`: this cannot run on the isolation of one of its inputs
                    """
            )
        ),
        (
            "@Step func charge(_ pair: (Int, Int), in step: StepContext) async throws {}",
            Misuse(
                finding: """
                    1:19 tuple-parameter: `pair` is a tuple, which cannot be encoded: pass its parts, or a struct that is \
                    `Codable`
                    """
            )
        ),
        (
            "@Step func charge(in step: StepContext) async throws -> some Codable { 1 }",
            Misuse(
                finding: """
                    1:57 opaque-result: an opaque result cannot be read back from the journal, since its type has no name \
                    there: return a type that is `Codable`
                    """
            )
        ),
        (
            "@Step func charge(in step: StepContext) async throws -> () -> Int { { 1 } }",
            Misuse(finding: "1:57 closure-result: a closure cannot be recorded: return a value that is `Codable`")
        ),
        (
            "@Step func charge(in step: StepContext) async throws -> (Int, Int) { (1, 2) }",
            Misuse(finding: "1:57 tuple-result: a tuple cannot be recorded: return a struct that is `Codable`")
        ),
        (
            "struct S { @Step mutating func charge(in step: StepContext) async throws {} }",
            Misuse(
                finding: """
                    1:18 mutating: a step cannot mutate its value: the change would be lost when the step is replayed. Return \
                    the new value instead
                    """,
                fixes: ["remove `mutating` -> struct S { @Step func charge(in step: StepContext) async throws {} }"]
            )
        ),
        (
            "func outer() { @Step func charge(in step: StepContext) async throws {} }",
            Misuse(
                finding: """
                    1:16 local-function: @Step on a local function: no overload can be added beside it. Move the function \
                    out, or call `workflow.step("charge") { … }` here
                    """
            )
        ),
        (
            "protocol P { @Step func charge(in step: StepContext) async throws }",
            Misuse(
                finding: """
                    1:14 no-body: @Step on a requirement without a body: annotate the function that does the work
                    """,
                fixes: ["remove @Step -> protocol P { func charge(in step: StepContext) async throws }"]
            )
        ),
        (
            "struct S { @Step var charge = 1 }",
            Misuse(
                finding: "1:12 not-a-function: @Step belongs on a function: what is checkpointed is a call",
                fixes: ["remove @Step -> struct S { var charge = 1 }"]
            )
        ),
        (
            "@Step @Step func charge(in step: StepContext) async throws {}",
            Misuse(
                finding: "1:7 several-annotations: a function is one step: it has 2 annotations that make it one",
                fixes: ["remove @Step -> @Step func charge(in step: StepContext) async throws {}"]
            )
        ),
        (
            "@Step(\"\") func charge(in step: StepContext) async throws {}",
            Misuse(finding: "1:7 name: the recorded name is empty")
        ),
        (
            "@Step(\"charge \\(1)\") func charge(in step: StepContext) async throws {}",
            Misuse(
                finding: """
                    1:7 name: a recorded name is a plain literal: with an interpolation it could differ from run to run
                    """
            )
        ),
        (
            "@Step(\"a\\u{7}\") func charge(in step: StepContext) async throws {}",
            Misuse(finding: "1:7 name: the recorded name contains a control character")
        ),
        (
            "@Step(\"\(String(repeating: "é", count: 65))\") func charge(in step: StepContext) async throws {}",
            Misuse(finding: "1:7 name: the recorded name has 130 bytes; the limit is 128")
        ),
        (
            "@Step func each(_ body: (Int) throws -> Void, in step: StepContext) async rethrows {}",
            Misuse(finding: "1:16 rethrows: a function with @Step is `async throws`; it cannot rethrow")
        ),
    ]

    @Test(arguments: Self.cases.indices)
    func `a function that cannot be a step is told so, and how to mend it`(_ index: Int) {
        let (source, expected) = Self.cases[index]
        #expect(misuses(in: source).first == expected, "\(source)")
    }

    @Test func `nothing is said of what is right, and of inputs that are ignored`() {
        let source = """
            @Step func charge(_ order: Order, in step: Durable.StepContext) async throws -> Charge { Charge() }
            @Step(inputs: .ignored) func add(_ pair: (Int, Int), in step: StepContext) async throws -> Int { 1 }
            @Transaction func book(in tx: borrowing Transaction) async throws -> Void {}
            """
        #expect(misuses(in: source) == [])
    }

    @Test func `one build shows everything that is wrong`() {
        let source = "@Step func charge(_ a: inout Int, _ b: Int...) -> some Codable { 1 }"
        #expect(
            misuses(in: source).map { $0.finding.split(separator: " ")[1] } == [
                "missing-capability:", "not-async-throws:", "inout-parameter:", "variadic-parameter:", "opaque-result:",
            ]
        )
    }
}
