// SPDX-License-Identifier: Apache-2.0

public import DurableMacros
import TestSupport

/// Calls every annotated function of this folder, and replays all of them after a sleep.
@Workflow("everything", version: 2, resumes: 1...2)
struct Everything {
    let library = Library(prefix: "p")
    let till = Till()
    /// How often `run` came to its end.
    let ends = Counter()

    func run(_ name: String, in workflow: WorkflowContext) async throws -> [String] {
        var seen: [String] = []
        seen.append(try await greet(name, in: workflow))
        try await note("a note", in: workflow)
        seen.append(try await self.library.plain(Order(), in: workflow))
        seen.append("\(try await self.library.labelled(from: 3, true, in: workflow))")
        seen.append("\(try await self.library.generic([1, 2], and: "x", in: workflow))")
        seen.append(try await self.library.opaque(9, in: workflow))
        seen.append("\(try await Library.fixed(in: workflow))")
        seen.append("\(try await self.library.repeat(in: 1, step: 2, in: workflow))")
        try await self.library.discardable(in: workflow)
        seen.append("\(try await self.library.recent(in: workflow))")
        seen.append(try await self.library.counted("x", in: workflow))
        seen.append(try await self.library.countedToo(in: workflow))
        seen.append("\(try await self.library.onMain(in: workflow))")
        try await self.library.nothing(in: workflow)
        seen.append("\(try await self.library.maybe(nil, in: workflow) as Any)")
        seen.append("\(try await self.library.unchecked((1, 2), in: workflow))")
        seen.append("\(try await self.library.inlined(4, in: workflow))")
        seen.append("\(try await self.library.pack(1, "x", in: workflow))")
        seen.append("\(try await Parity.of(3, in: workflow))")
        seen.append(try await Parity.even.name(in: workflow))
        seen.append(try await LoudMachine().run("job", in: workflow))
        seen.append(try await Machine.kind(in: workflow))
        seen.append("\(try await self.till.add(3, in: workflow))")
        try await self.till.book(3, in: workflow)
        seen.append(try await Baking().bake(in: workflow))
        seen.append(try await self.own(in: workflow))
        seen.append(try await self.extended(in: workflow))
        let pair = try await workflow.parallel(
            { branch in try await self.own(in: branch) },
            { branch in try await self.pinnedStep(in: branch) }
        )
        seen.append("\(pair.0) \(pair.1)")
        try await workflow.sleep(for: .milliseconds(1))
        self.ends.next()
        return seen
    }

    @Step
    func own(in step: StepContext) async throws -> String { "own" }

    @Step("pinned")
    func pinnedStep(in step: StepContext) async throws -> String { "pinned" }
}

extension Everything {
    @Step
    func extended(in step: StepContext) async throws -> String { "extended" }
}

/// Throws what its steps throw.
@Workflow
struct Failing {
    func run(_ which: Int, in workflow: WorkflowContext) async throws -> String {
        let library = Library(prefix: "")
        var caught = ""
        do {
            switch which {
            case 0: _ = try await library.declaredFailure(in: workflow)
            case 1: _ = try await library.typedFailure(in: workflow)
            default: _ = try await library.undeclaredFailure(in: workflow)
            }
        } catch let error as Refused {
            caught = "refused: \(error.reason)"
        } catch let error as StepFailure {
            caught = "failure of type \(error.type)"
        }
        try await workflow.sleep(for: .milliseconds(1))
        return caught
    }
}

/// No input, no result.
@Workflow("silent")
struct Silent {
    let done: Counter

    func run(in workflow: WorkflowContext) async throws {
        try await self.count(in: workflow)
        try await workflow.sleep(for: .milliseconds(1))
    }

    @Step
    func count(in step: StepContext) async throws { self.done.next() }
}

/// Several inputs, one of them with a default.
@Workflow
public struct Several {
    func run(_ order: Order, for customer: String, times: Int = 2, in workflow: WorkflowContext) async throws
        -> String
    {
        try await workflow.sleep(for: .milliseconds(1))
        return "\(customer): \(times) x \(order.sku)"
    }
}

/// One input with a label.
@Workflow
struct Labelled {
    func run(order: Order, in workflow: WorkflowContext) async throws -> String { order.sku }
}

/// One input, no result: as the protocol has it but for the result.
@Workflow
struct Consuming {
    let seen: Counter

    func run(_ order: Order, in workflow: WorkflowContext) async throws {
        _ = try await workflow.step("count") { _ in self.seen.next() }
    }
}

/// An enum, generic, in a type.
enum Outer {
    @Workflow("inner")
    enum Inner<Element: Codable & Sendable> {
        case only

        func run(_ element: Element, in workflow: WorkflowContext) async throws -> [Element] { [element, element] }
    }
}

/// A type that says itself that it is a workflow.
@Workflow("said")
struct Said: Workflow {
    func run(_ number: Int, in workflow: WorkflowContext) async throws -> Int { number + 1 }
}
