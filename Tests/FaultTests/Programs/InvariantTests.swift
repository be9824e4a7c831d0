// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import FaultSuite

/// Each invariant sees what breaks it, in evidence that is made up, and nothing in the evidence as it should be.
@Suite("Invariants of the fault suite")
struct InvariantTests {
    @Test
    func `nothing is wrong with what is right`() {
        #expect(Invariants.violations(in: Self.evidence()).isEmpty)
    }

    @Test
    func `a start that is lost, unfinished, or paused without a reason is seen`() {
        var evidence = Self.evidence()
        evidence.workflows.removeAll { $0.id == "p" }
        #expect(EveryStartEnds.violations(in: evidence).contains { $0.workflow == "p" })
        evidence = Self.evidence()
        evidence.workflows[0].status = nil
        evidence.workflows[0].state = "waiting"
        #expect(EveryStartEnds.violations(in: evidence).count == 1)
        evidence.workflows[0].state = "paused"
        evidence.workflows[0].reason = "diverged"
        #expect(EveryStartEnds.violations(in: evidence).count == 1)
        evidence = Self.evidence()
        evidence.workflows[0].status = "cancelled"
        evidence.workflows[0].output = nil
        #expect(EveryStartEnds.violations(in: evidence).count == 1)
        evidence.cancelled = ["p"]
        #expect(EveryStartEnds.violations(in: evidence).isEmpty)
    }

    @Test
    func `two ends, none, or another one than the caller was told are seen`() {
        var evidence = Self.evidence()
        evidence.workflows[0].state = "running"
        #expect(OneOutcome.violations(in: evidence).count == 1)
        evidence = Self.evidence()
        evidence.workflows[0].status = nil
        #expect(!OneOutcome.violations(in: evidence).isEmpty)
        evidence = Self.evidence()
        evidence.told["p"] = .succeeded(8)
        #expect(OneOutcome.violations(in: evidence).count == 1)
    }

    @Test
    func `a transaction that counted twice or not at all is seen`() {
        var evidence = Self.evidence()
        evidence.rows.append(Evidence.Row(workflow: "p", name: "op2"))
        #expect(TransactionsCountOnce.violations(in: evidence).count == 2)
        evidence = Self.evidence()
        evidence.rows = []
        #expect(TransactionsCountOnce.violations(in: evidence).count == 2)
        evidence = Self.evidence()
        evidence.records.removeAll { $0.name == "op2" }
        #expect(TransactionsCountOnce.violations(in: evidence).count == 1)
    }

    @Test
    func `a step that never ran, or ran again in a later run, is seen`() {
        var evidence = Self.evidence()
        evidence.lines.removeAll { $0.name == "op1" && $0.workflow == "p" }
        #expect(ResultsAreReturned.violations(in: evidence).count == 1)
        #expect(StepsAreNotRepeated.violations(in: evidence).count == 1)
        evidence = Self.evidence()
        evidence.lines.append(Self.line(.run, run: 2, at: 50))
        evidence.lines.append(Self.line(.begin, "op1", run: 2, at: 60))
        #expect(StepsAreNotRepeated.violations(in: evidence).count == 1)
        // One that was stopped and goes on is no violation.
        evidence = Self.evidence()
        evidence.lines.append(Self.line(.run, run: 0, at: 0))
        evidence.lines.append(Self.line(.begin, "op1", run: 0, at: 60))
        #expect(StepsAreNotRepeated.violations(in: evidence).isEmpty)
        evidence.lines.append(Self.line(.begin, "op1", run: 1, attempt: 2, at: 60))
        #expect(StepsAreNotRepeated.violations(in: evidence).count == 1)
    }

    @Test
    func `a step whose causes changed is seen, unless the past was lost`() {
        var evidence = Self.evidence()
        evidence.lines.append(Self.line(.run, run: 0, at: 1))
        evidence.lines.append(Self.line(.begin, "op1", run: 0, digest: 99, at: 2))
        #expect(CausesAreDurable.violations(in: evidence).count == 1)
        evidence.restoredAt = 5
        #expect(CausesAreDurable.violations(in: evidence).isEmpty)
    }

    @Test
    func `what the triggers saw is seen`() {
        var evidence = Self.evidence()
        evidence.notes = ["fenced write of executor 3 to p /1"]
        #expect(NobodySupersededWrites.violations(in: evidence).count == 1)
    }

    @Test
    func `a message that is lost, doubled or out of order is seen`() {
        var evidence = Self.evidence()
        evidence.records.removeAll { $0.name == "mail" && $0.value == 2 }
        #expect(!SignalsAreConsumedOnce.violations(in: evidence).isEmpty)
        evidence = Self.evidence()
        for index in evidence.records.indices where evidence.records[index].name == "mail" {
            evidence.records[index].value = 3 - (evidence.records[index].value ?? 0)
        }
        #expect(SignalsAreConsumedOnce.violations(in: evidence).count == 1)
        evidence = Self.evidence()
        evidence.unread = [Evidence.Row(workflow: "p", name: "mail")]
        #expect(SignalsAreConsumedOnce.violations(in: evidence).count == 1)
    }

    @Test
    func `undos that are missing, uncalled for or in the wrong order are seen`() {
        var evidence = Self.evidence()
        let undos = evidence.records.indices.filter { evidence.records[$0].scope.hasPrefix("undo/") }
        evidence.records[undos[0]].at = 1_000
        #expect(UndosRunInReverse.violations(in: evidence).count == 1)
        evidence.records.remove(at: undos[0])
        #expect(UndosRunInReverse.violations(in: evidence).count == 1)
        evidence = Self.evidence()
        evidence.workflows[1].status = "succeeded"
        #expect(UndosRunInReverse.violations(in: evidence).count == 2)
    }

    @Test
    func `a parent that saw another end of its child is seen`() {
        var evidence = Self.evidence()
        evidence.workflows[2].output?.digest = 1
        #expect(ParentsSeeTheirChildren.violations(in: evidence).count == 1)
        evidence.workflows[2].status = "failed"
        #expect(ParentsSeeTheirChildren.violations(in: evidence).count == 1)
        evidence.workflows.remove(at: 2)
        #expect(ParentsSeeTheirChildren.violations(in: evidence).count == 1)
    }

    @Test
    func `what a program wondered at is seen`() {
        var evidence = Self.evidence()
        evidence.lines.append(Self.line(.wrong, "op1", run: 1, at: 3))
        #expect(ProgramsSeeNoWonder.violations(in: evidence).count == 1)
    }

    // MARK: - Evidence

    /// A program that succeeds, with a step, a transaction, two messages and a child; and one that fails and is undone.
    private static func evidence() -> Evidence {
        let child = Program(number: 5, operations: [Operation(number: 6, action: .step(StepPlan()))])
        let program = Program(operations: [
            Operation(number: 1, action: .step(StepPlan())),
            Operation(number: 2, action: .transaction(TransactionPlan())),
            Operation(number: 3, action: .receive(signal: "mail")),
            Operation(number: 4, action: .receive(signal: "mail")),
            Operation(number: 5, action: .child(child, isDetached: false)),
        ])
        let failing = Program(
            operations: [
                Operation(number: 1, action: .step(StepPlan(undo: .works))),
                Operation(number: 2, action: .step(StepPlan(undo: .works))),
            ],
            ending: .fails
        )
        var evidence = Evidence()
        var scenario = Scenario(id: "p", seed: 1)
        scenario.program = program
        evidence.scenarios["p"] = scenario
        scenario.id = "f"
        scenario.program = failing
        evidence.scenarios["f"] = scenario
        evidence.workflows = [
            Evidence.WorkflowRow(
                id: "p",
                program: program,
                status: "succeeded",
                output: ProgramEnd(workflow: "p", digest: 7)
            ),
            Evidence.WorkflowRow(id: "f", program: failing, status: "failed"),
            Evidence.WorkflowRow(
                id: "p/4",
                parent: "p",
                program: child,
                status: "succeeded",
                output: ProgramEnd(workflow: "p/4", digest: 9)
            ),
        ]
        evidence.records = [
            self.record("p", 0, kind: 1, "op1", at: 10, value: 5),
            self.record("p", 1, kind: 2, "op2", at: 11, value: 1),
            self.record("p", 2, kind: 7, "mail", at: 12, value: 1),
            self.record("p", 3, kind: 7, "mail", at: 13, value: 2),
            self.record("p", 4, kind: 8, "program", at: 14, value: 9, about: "p/4"),
            self.record("f", 0, kind: 1, "op1", run: 3, at: 10, value: 5),
            self.record("f", 1, kind: 1, "op2", run: 3, at: 11, value: 5),
            self.record("f", 0, kind: 1, "undo op2", scope: "undo/1", run: 3, at: 20),
            self.record("f", 0, kind: 1, "undo op1", scope: "undo/0", run: 3, at: 21),
        ]
        evidence.rows = [Evidence.Row(workflow: "p", name: "op2")]
        evidence.counters = ["p": 1]
        evidence.lines = [self.line(.run, run: 1, at: 5), self.line(.begin, "op1", run: 1, at: 9)]
        for name in ["op1", "op2", "undo op1", "undo op2"] {
            evidence.lines.append(self.line(.begin, name, workflow: "f", run: 3, at: 9))
        }
        for (workflow, name) in [("p", "op1"), ("f", "op1"), ("f", "op2")] {
            var line = self.line(.end, name, workflow: workflow, run: 1, at: 9)
            line.detail = "5"
            evidence.lines.append(line)
        }
        evidence.told = ["p": .succeeded(7), "f": .failed]
        return evidence
    }

    private static func record(
        _ workflow: String,
        _ position: Int,
        kind: Int,
        _ name: String,
        scope: String = "",
        run: Int64 = 1,
        at: Int64,
        value: Int64? = nil,
        about: String? = nil
    ) -> Evidence.Record {
        Evidence.Record(
            workflow: workflow,
            scope: scope,
            position: position,
            phase: 0,
            kind: kind,
            name: name,
            attempt: 1,
            run: run,
            at: at,
            isError: false,
            value: value,
            about: about
        )
    }

    private static func line(
        _ kind: EffectLine.Kind,
        _ name: String = "",
        workflow: String = "p",
        run: Int64,
        attempt: Int = 1,
        digest: Int64 = 3,
        at: Int64
    ) -> EffectLine {
        EffectLine(
            kind: kind,
            workflow: workflow,
            name: name,
            run: run,
            attempt: attempt,
            digest: digest,
            at: at,
            pid: 1
        )
    }
}
