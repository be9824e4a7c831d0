// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Durable

@Suite struct JoinMachineTests {
    /// Every order of so many branches.
    private static func orders(_ count: Int) -> [[Int]] {
        guard count > 0 else { return [[]] }
        return (0..<count).flatMap { last in
            Self.orders(count - 1).map { order in order.map { $0 >= last ? $0 + 1 : $0 } + [last] }
        }
    }

    /// Every order in which up to four branches end, with every combination of successes and failures.
    private static func explore(
        _ rule: JoinMachine.Rule,
        _ check: (_ count: Int, _ order: [Int], _ succeeded: [Bool], _ verdict: JoinMachine.Verdict?, _ ended: Int) ->
            Void
    ) {
        for count in 1...4 {
            for order in Self.orders(count) {
                for pattern in 0..<(1 << count) {
                    let succeeded = (0..<count).map { pattern & (1 << $0) != 0 }
                    var machine = JoinMachine(rule, count: count)
                    var ended = 0
                    for branch in order where machine.verdict == nil {
                        ended += 1
                        let settled = machine.ended(branch, succeeded: succeeded[branch])
                        #expect(settled == (machine.verdict != nil))
                    }
                    let verdict = machine.verdict
                    for branch in order.dropFirst(ended) {
                        let settled = machine.ended(branch, succeeded: !succeeded[branch])
                        #expect(!settled)
                        #expect(machine.verdict == verdict, "what ends later changes nothing")
                    }
                    check(count, order, succeeded, verdict, ended)
                }
            }
        }
    }

    @Test func `all succeed, or the first failure decides`() {
        Self.explore(.all) { count, order, succeeded, verdict, ended in
            if let failed = order.first(where: { !succeeded[$0] }) {
                #expect(verdict == .failed(failed))
            } else {
                #expect(verdict == .complete)
                #expect(ended == count)
            }
        }
    }

    @Test func `the first that ends decides a race, whether it succeeds or fails`() {
        Self.explore(.race) { _, order, succeeded, verdict, ended in
            #expect(ended == 1)
            #expect(verdict == (succeeded[order[0]] ? .won(order[0]) : .failed(order[0])))
        }
    }

    @Test func `without a policy every branch ends, whatever comes of it`() {
        Self.explore(.settled(.all)) { count, _, _, verdict, ended in
            #expect(verdict == .complete)
            #expect(ended == count)
        }
    }

    @Test(arguments: 1...5)
    func `enough successes decide, unless the last of them is the last branch`(wanted: Int) {
        Self.explore(.settled(.successes(wanted))) { count, order, succeeded, verdict, ended in
            let successes = order.prefix(ended).filter { succeeded[$0] }.count
            if verdict == .enough {
                #expect(successes == wanted)
                #expect(ended < count)
            } else {
                #expect(verdict == .complete)
                #expect(ended == count)
                #expect(order.dropLast().filter { succeeded[$0] }.count < wanted)
            }
        }
    }

    @Test(arguments: 0...3)
    func `one failure too many decides, and it is that branch's`(tolerated: Int) {
        Self.explore(.settled(.tolerating(failures: tolerated))) { count, order, succeeded, verdict, ended in
            let failures = order.filter { !succeeded[$0] }
            if failures.count > tolerated {
                #expect(verdict == .failed(failures[tolerated]))
                #expect(order[ended - 1] == failures[tolerated])
            } else {
                #expect(verdict == .complete)
                #expect(ended == count)
            }
        }
    }

    @Test(arguments: [JoinMachine.Rule.all, .race, .settled(.successes(1))])
    func `a group without branches is complete`(rule: JoinMachine.Rule) {
        #expect(JoinMachine(rule, count: 0).verdict == .complete)
    }
}

@Suite struct CompletionPolicyTests {
    @Test func `a share of failures is of all branches, and the smaller limit counts`() {
        #expect(CompletionPolicy.all.failureLimit(of: 10) == .max)
        #expect(CompletionPolicy.tolerating(failures: 2).failureLimit(of: 10) == 2)
        #expect(CompletionPolicy.tolerating(percentage: 25).failureLimit(of: 10) == 2)
        #expect(CompletionPolicy.tolerating(percentage: 0).failureLimit(of: 10) == 0)
        #expect(CompletionPolicy.tolerating(percentage: 100).failureLimit(of: 10) == 10)
        var both = CompletionPolicy.tolerating(percentage: 50)
        both.toleratedFailures = 3
        #expect(both.failureLimit(of: 10) == 3)
        #expect(both.failureLimit(of: 4) == 2)
    }

    @Test(arguments: [1, 3, 7, 29, 57, 100, 1_000])
    func `a share that is a whole number of branches tolerates that many`(count: Int) {
        for tolerated in 0...count {
            let share = Double(tolerated) * 100 / Double(count)
            #expect(CompletionPolicy.tolerating(percentage: share).failureLimit(of: count) == tolerated)
        }
    }

    @Test(
        arguments: [
            (CompletionPolicy.successes(0), "a completion policy needs at least one success; it asks for 0"),
            (.tolerating(failures: -1), "a completion policy cannot tolerate -1 failures"),
            (.tolerating(percentage: 101), "a completion policy tolerates 0 to 100 per cent of failures, not 101.0"),
            (.tolerating(percentage: .nan), "a completion policy tolerates 0 to 100 per cent of failures, not nan"),
        ]
    )
    func `a policy that makes no sense is refused in words`(policy: CompletionPolicy, words: String) throws {
        let error = try #require(throws: DurableError.self) { try policy.validate() }
        #expect(error.code == .invalidArgument)
        #expect(error.message == words)
    }

    @Test func `policies that make sense are accepted`() throws {
        for policy in [.all, .successes(1), .tolerating(failures: 0), .tolerating(percentage: 100)]
            as [CompletionPolicy]
        {
            try policy.validate()
        }
    }
}
