// SPDX-License-Identifier: Apache-2.0

public import DurableMacros
import TestSupport

// Annotated functions of every kind, as they stand in services. That this file compiles is half of the test.

/// What is ordered.
public struct Order: Codable, Sendable, Hashable {
    var sku = "tea"
    var quantity = 1
}

struct Refused: Error, Codable, Hashable {
    var reason: String
}

struct Unmentioned: Error {}

/// A step of a file.
@Step
func greet(_ name: String, in step: StepContext) async throws -> String { "hello \(name)" }

@Transaction("noted")
func note(_ text: String, in transaction: Transaction) async throws {
    try await transaction.execute("INSERT INTO note (text) VALUES (\(text))")
}

/// A library of steps, as a value.
public struct Library: Sendable {
    let prefix: String

    /// A step as most are.
    @Step(timeout: .seconds(30))
    public func plain(_ order: Order, in step: StepContext) async throws -> String {
        "\(self.prefix) \(order.quantity) \(order.sku)"
    }

    @Step
    func labelled(from first: Int, to last: Int = 5, _: Bool, in step: StepContext) async throws -> [Int] {
        Array(first...last)
    }

    @Step
    func generic<T: Codable & Sendable, U>(_ value: T, and other: U, in step: StepContext) async throws -> T
    where U: Encodable & Sendable {
        value
    }

    @Step
    func opaque(_ value: some Encodable & Sendable, in step: StepContext) async throws -> String { "\(value)" }

    @Step
    static func fixed(in step: StepContext) async throws -> Int { 7 }

    @Step
    func `repeat`(in workflow: Int, step: Int, using capability: StepContext) async throws -> Int { workflow + step }

    @Step
    @discardableResult
    func discardable(in step: StepContext) async throws -> Int { 1 }

    @Step
    @available(*, deprecated, message: "of yesterday")
    func old(in step: StepContext) async throws -> Int { 2 }

    @Step
    @available(macOS 15, *)
    func recent(in step: StepContext) async throws -> Int { 3 }

    @Step
    @Counted
    func counted(_ name: String, in step: StepContext) async throws -> String {
        return "counted \(name)"
    }

    @Counted
    @Transaction
    func countedToo(in transaction: Transaction) async throws -> String {
        try await transaction.execute("SELECT 1")
        return "counted too"
    }

    @Step
    @MainActor
    func onMain(in step: StepContext) async throws -> Bool {
        MainActor.assertIsolated()
        return true
    }

    @Step
    func nothing(in step: StepContext) async throws {}

    @Step
    func maybe(_ value: Int?, in step: StepContext) async throws -> Int? { value }

    @Step(inputs: .ignored)
    func unchecked(_ value: (Int, Int), in step: StepContext) async throws -> Int { value.0 + value.1 }

    @Step(retry: .never, failures: [Refused.self])
    func declaredFailure(in step: StepContext) async throws -> Int { throw Refused(reason: "declared") }

    @Step(retry: .never)
    func typedFailure(in step: StepContext) async throws(Refused) -> Int { throw Refused(reason: "typed") }

    @Step(retry: .never)
    func undeclaredFailure(in step: StepContext) async throws(Unmentioned) -> Int { throw Unmentioned() }

    @Step
    func pack<each T: Codable & Sendable>(_ values: repeat each T, in step: StepContext) async throws -> Int {
        var count = 0
        for _ in repeat each values { count += 1 }
        return count
    }
}

extension Library {
    /// Inlinable into other modules, so it may use nothing that they cannot see.
    @Step
    @inlinable
    public func inlined(_ number: Int, in step: StepContext) async throws -> Int { number * 2 }
}

/// An enum as a name space, and as a value.
enum Parity: String, Codable, Sendable {
    case even, odd

    @Step
    static func of(_ number: Int, in step: StepContext) async throws -> Parity {
        number.isMultiple(of: 2) ? .even : .odd
    }

    @Step
    func name(in step: StepContext) async throws -> String { self.rawValue }
}

/// A class, with a subclass that overrides a step.
class Machine: @unchecked Sendable {
    @Step
    func run(_ job: String, in step: StepContext) async throws -> String { "machine: \(job)" }

    @Step
    class func kind(in step: StepContext) async throws -> String { "a machine" }
}

/// Adds nothing mutable: it is as sendable as a class without properties is.
final class LoudMachine: Machine, @unchecked Sendable {
    @Step
    override func run(_ job: String, in step: StepContext) async throws -> String { "MACHINE: \(job)" }
}

actor Till {
    private var sum = 0

    @Step
    func add(_ amount: Int, in step: StepContext) async throws -> Int {
        self.assertIsolated()
        self.sum += amount
        return self.sum
    }

    @Transaction
    nonisolated func book(_ amount: Int, in transaction: Transaction) async throws {
        try await transaction.execute("INSERT INTO note (text) VALUES (\("booked \(amount)"))")
    }
}

/// What the steps of a protocol's extension are called.
protocol Baker: Sendable {}

extension Baker {
    @Step
    func bake(in step: StepContext) async throws -> String { "bread" }
}

struct Baking: Baker {}
