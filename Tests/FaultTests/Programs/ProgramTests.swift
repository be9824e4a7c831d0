// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import FaultSuite

@Suite("Generated programs")
struct ProgramTests {
    @Test
    func `a seed gives the same program every time`() {
        for seed in UInt64(1)...50 {
            #expect(Scenario(id: "a", seed: seed) == Scenario(id: "a", seed: seed))
        }
        #expect(ProgramGenerator.program(seed: 1) != ProgramGenerator.program(seed: 2))
    }

    @Test
    func `a program has 5 to 60 operations, each with a number of its own`() {
        for seed in UInt64(1)...500 {
            let program = ProgramGenerator.program(seed: seed)
            #expect(
                (ProgramGenerator.sizes.lowerBound...(ProgramGenerator.sizes.upperBound + 10)).contains(program.count)
            )
            var numbers: [Int] = []
            Self.collect(program, into: &numbers)
            #expect(Set(numbers).count == numbers.count)
        }
    }

    private static func collect(_ program: Program, into numbers: inout [Int]) {
        for planned in program.all {
            numbers.append(planned.operation.number)
            for child in planned.operation.programs { self.collect(child, into: &numbers) }
        }
    }

    @Test
    func `every operator is in one of twenty programs or more`() {
        let scenarios = (UInt64(1)...1_000).map { Scenario(id: "a", seed: $0) }
        for used in Operator.allCases {
            let count = scenarios.count { $0.operators.contains(used) }
            #expect(count >= scenarios.count / 20, "\(used) is in \(count) of \(scenarios.count)")
        }
    }

    @Test
    func `a program survives its own coding`() throws {
        for seed in UInt64(1)...50 {
            let program = ProgramGenerator.program(seed: seed)
            let data = try JSONEncoder().encode(program)
            #expect(try JSONDecoder().decode(Program.self, from: data) == program)
        }
    }

    @Test
    func `a smaller program has fewer operations and the same names`() throws {
        let program = ProgramGenerator.program(seed: 7)
        let names = Set(program.flattened.map { $0.operation.name })
        let candidates = ProgramShrinker.candidates(of: program)
        #expect(candidates.count >= program.flattened.count)
        for smaller in candidates {
            #expect(smaller.count < program.count)
            #expect(Set(smaller.flattened.map { $0.operation.name }).isSubset(of: names))
        }
    }

    @Test
    func `dropping everything but one operation is what shrinking comes to`() throws {
        var program = ProgramGenerator.program(seed: 9)
        let goal = try #require(program.flattened.last { !$0.operators.contains { $0.isGroup } }).operation.name
        func holds(_ program: Program) -> Bool { program.flattened.contains { $0.operation.name == goal } }
        while let smaller = ProgramShrinker.candidates(of: program).first(where: holds) { program = smaller }
        // What is left are the groups around it.
        #expect(program.flattened.count <= 5)
        #expect(holds(program))
    }

    @Test
    func `an effect survives its own text`() {
        let line = EffectLine(
            kind: .token,
            workflow: "p1-x/2",
            name: "op3",
            run: -5,
            attempt: 2,
            digest: .min,
            at: 7,
            detail: "tok:1",
            pid: 9
        )
        #expect(EffectLine(line.text[...]) == line)
        #expect(EffectLine("begin\tp1"[...]) == nil)
    }
}
