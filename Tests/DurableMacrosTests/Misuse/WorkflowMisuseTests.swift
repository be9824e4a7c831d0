// SPDX-License-Identifier: Apache-2.0

import Testing

/// What is said of a type that cannot be a workflow, and what the fix-it makes of it.
@Suite struct WorkflowMisuseTests {
    private static let run = "func run(in workflow: WorkflowContext) async throws {}"

    private static let cases: [(source: String, misuse: Misuse)] = [
        (
            "@Workflow final class W { \(run) }",
            Misuse(
                finding: """
                    1:17 reference-type: @Workflow on a class: what such a value holds is lost when its process dies, and all \
                    runs would share it. Make it a struct, whose stored properties are the workflow's dependencies
                    """,
                fixes: ["make it a struct -> @Workflow struct W { \(run) }"]
            )
        ),
        (
            "@Workflow actor W { \(run) }",
            Misuse(
                finding: """
                    1:11 reference-type: @Workflow on an actor: what such a value holds is lost when its process dies, and \
                    all runs would share it. Make it a struct, whose stored properties are the workflow's dependencies
                    """,
                fixes: ["make it a struct -> @Workflow struct W { \(run) }"]
            )
        ),
        (
            "@Workflow protocol W {}",
            Misuse(finding: "1:1 not-a-type: @Workflow belongs on the declaration of a struct or an enum")
        ),
        (
            "@Workflow @MainActor struct W { \(run) }",
            Misuse(
                finding: """
                    1:11 isolated-workflow: a workflow's type cannot be isolated to @MainActor: its runs go on side by side. \
                    Isolate what needs it instead, such as a step
                    """
            )
        ),
        (
            "@Workflow(\"\") struct W { \(run) }",
            Misuse(finding: "1:11 name: the recorded name is empty")
        ),
        (
            "@Workflow(version: 0) struct W { \(run) }",
            Misuse(finding: "1:20 version: the version is 0; it is a small number from 1 on, which a person raises")
        ),
        (
            "@Workflow(version: 3, resumes: 1...2) struct W { \(run) }",
            Misuse(finding: "1:32 resumes: the type is of version 3 and resumes 1...2, which must contain it")
        ),
        (
            "@Workflow struct W { func run(_ order: Order) async throws {} }",
            Misuse(
                finding: """
                    1:30 missing-context: `run` takes the `WorkflowContext` as its last parameter: without it nothing is durable
                    """,
                fixes: [
                    """
                    add `in workflow: WorkflowContext` -> @Workflow struct W { func run(_ order: Order, in workflow: \
                    WorkflowContext) async throws {} }
                    """
                ]
            )
        ),
        (
            "@Workflow struct W { func run(in w: WorkflowContext, _ order: Order) async throws {} }",
            Misuse(
                finding: "1:31 misplaced-context: the `WorkflowContext` is the last parameter of `run`",
                fixes: [
                    """
                    move it to the end -> @Workflow struct W { func run(_ order: Order, in w: WorkflowContext) async throws \
                    {} }
                    """
                ]
            )
        ),
        (
            "@Workflow struct W { func run(_ a: WorkflowContext, _ b: WorkflowContext) async throws {} }",
            Misuse(finding: "1:30 second-context: `run` takes one `WorkflowContext`")
        ),
        (
            "@Workflow struct W { func run(in w: WorkflowContext) {} }",
            Misuse(
                finding: """
                    1:27 not-async-throws: `run` is `async throws`: its calls are waited for, and a run that is over ends by \
                    an error
                    """,
                fixes: [
                    "make it `async throws` -> @Workflow struct W { func run(in w: WorkflowContext) async throws {} }"
                ]
            )
        ),
        (
            "@Workflow struct W { \(run); func run(_ a: Int, in w: WorkflowContext) async throws {} }",
            Misuse(
                finding: """
                    1:83 several-runs: a workflow has one `run` that takes the `WorkflowContext`; name the others by what \
                    they do
                    """
            )
        ),
        (
            "@Workflow struct W { func run(_ a: inout Int, in w: WorkflowContext) async throws {} }",
            Misuse(
                finding: """
                    1:31 inout-parameter: `a` is `inout`: a change to it would be lost on replay. Return the new value instead
                    """,
                fixes: [
                    "remove `inout` -> @Workflow struct W { func run(_ a: Int, in w: WorkflowContext) async throws {} }"
                ]
            )
        ),
        (
            "@Workflow struct W { func run(_ a: some Codable, in w: WorkflowContext) async throws {} }",
            Misuse(
                finding: """
                    1:31 opaque-parameter: `a` has an opaque type, which cannot be read back: take a type that is `Codable`
                    """
            )
        ),
        (
            "@Workflow struct W { func run<T: Codable>(_ a: T, in w: WorkflowContext) async throws {} }",
            Misuse(
                finding: """
                    1:30 generic-run: `run` cannot be generic: what it was started with must be read back. Make the type \
                    generic, or its input
                    """
            )
        ),
        (
            "@Workflow struct W { mutating func run(in w: WorkflowContext) async throws {} }",
            Misuse(
                finding:
                    "1:22 mutating: `run` cannot mutate its value: what it keeps for later is what its steps return",
                fixes: [
                    "remove `mutating` -> @Workflow struct W { func run(in w: WorkflowContext) async throws {} }"
                ]
            )
        ),
        (
            "@Workflow struct W { func run(in w: WorkflowContext) async throws -> (Int, Int) { (1, 2) } }",
            Misuse(finding: "1:70 tuple-result: a tuple cannot be recorded: return a struct that is `Codable`")
        ),
        (
            "@Workflow struct W { struct Input {}; func run(_ a: Int, _ b: Int, in w: WorkflowContext) async throws {} }",
            Misuse(
                finding: """
                    1:47 input-name: `run` takes several inputs, which are recorded as one object of the type `Input`, and \
                    this type has an `Input` already: rename it, or let `run` take it alone
                    """
            )
        ),
        (
            """
            @Workflow struct W {
                \(run)
                @Step func pay(in step: StepContext) async throws {}
                @Step func pay(_ cents: Int, in step: StepContext) async throws {}
            }
            """,
            Misuse(
                finding: """
                    4:16 same-name: two steps of this workflow are recorded as "pay": the history could not tell them apart
                    """,
                fixes: [
                    """
                    record this one as "pay2" -> @Workflow struct W {
                        \(run)
                        @Step func pay(in step: StepContext) async throws {}
                        @Step("pay2") func pay(_ cents: Int, in step: StepContext) async throws {}
                    }
                    """
                ]
            )
        ),
        (
            """
            @Workflow struct W {
                \(run)
                @Step func pay(in step: StepContext) async throws {}
                @Step(retry: .never) func pay(_ cents: Int, in step: StepContext) async throws {}
                @Step("pay2") func pay2(in step: StepContext) async throws {}
            }
            """,
            Misuse(
                finding: """
                    4:31 same-name: two steps of this workflow are recorded as "pay": the history could not tell them apart
                    """,
                fixes: [
                    """
                    record this one as "pay3" -> @Workflow struct W {
                        \(run)
                        @Step func pay(in step: StepContext) async throws {}
                        @Step("pay3", retry: .never) func pay(_ cents: Int, in step: StepContext) async throws {}
                        @Step("pay2") func pay2(in step: StepContext) async throws {}
                    }
                    """
                ]
            )
        ),
        (
            """
            @Workflow struct W {
                \(run)
                @Step func pay(in step: StepContext) async throws {}
                @Transaction("pay") func book(in transaction: Transaction) async throws {}
            }
            """,
            Misuse(
                finding: """
                    4:18 same-name: two steps of this workflow are recorded as "pay": the history could not tell them apart
                    """,
                fixes: [
                    """
                    record this one as "pay2" -> @Workflow struct W {
                        \(run)
                        @Step func pay(in step: StepContext) async throws {}
                        @Transaction("pay2") func book(in transaction: Transaction) async throws {}
                    }
                    """
                ]
            )
        ),
    ]

    @Test(arguments: Self.cases.indices)
    func `a type that cannot be a workflow is told so, and how to mend it`(_ index: Int) {
        let (source, expected) = Self.cases[index]
        #expect(misuses(in: source).first == expected, "\(source)")
    }

    @Test func `nothing is said of what is right, and of a run in an extension`() {
        let source = """
            @Workflow("w", version: 2, resumes: 1...2) struct W { \(Self.run) }
            @Workflow enum E {}
            @Workflow struct Two {
                func run(_ a: Int, _ b: Int = 1, in workflow: Durable.WorkflowContext) async throws -> Int { a }
                static func run() {}
            }
            """
        #expect(misuses(in: source) == [])
    }
}
