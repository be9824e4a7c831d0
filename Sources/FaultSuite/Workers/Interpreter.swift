// SPDX-License-Identifier: Apache-2.0

import Durable

/// Does what a program says.
struct Interpreter<Code: ProgramCode>: Sendable {
    let effects: EffectLog

    /// Runs a whole program.
    func run(_ program: Program, in context: WorkflowContext) async throws -> ProgramEnd {
        self.effects.run(context)
        var trail = Trail()
        try await self.perform(program.operations, &trail, context)
        if let next = program.next { try await context.continueAsNew(Code.self, next) }
        switch program.ending {
        case .succeeds: break
        case .fails, .pauses: throw ProgramFailure(workflow: context.workflowID)
        case .awaitsCancellation:
            let (effects, digest) = (self.effects, trail.digest)
            try await context.step("ask to be cancelled") { effects.step(.cancel, $0, "ask to be cancelled", digest) }
            try await context.sleep(for: .seconds(86_400))
        }
        return ProgramEnd(workflow: context.workflowID, digest: trail.digest)
    }

    private func perform(_ operations: [Operation], _ trail: inout Trail, _ context: WorkflowContext) async throws {
        for operation in operations { try await self.perform(operation, &trail, context) }
    }

    private func perform(_ operation: Operation, _ trail: inout Trail, _ context: WorkflowContext) async throws {
        switch operation.action {
        case .step(let plan):
            trail.add(try await self.orFailed { try await self.step(operation.name, plan, trail.digest, context) })
        case .transaction(let plan):
            trail.add(
                try await self.orFailed { try await self.transaction(operation.name, plan, trail.digest, context) }
            )
        case .sleep(let milliseconds):
            try await context.sleep(for: .milliseconds(milliseconds))
        case .receive(let signal):
            trail.add(Int64(try await context.receive(Int.self, signal)))
        case .token:
            trail.add(try await self.token(operation, trail.digest, context))
        case .child(let program, let isDetached):
            trail.add(try await self.child(operation.name, program, isDetached, trail.digest, context))
        case .parallel(let branches):
            for digest in try await self.parallel(branches, trail.digest, context) { trail.add(digest) }
        case .map(let branches):
            let digest = trail.digest
            let digests = try await context.map(branches) { operations, branch in
                try await self.branch(operations, digest, branch)
            }
            for digest in digests { trail.add(digest) }
        case .race(let branches):
            try await self.race(branches, &trail, context)
        case .saga(let body, let fails):
            trail.add(try await self.saga(operation, body, fails, trail.digest, context))
        case .poll:
            trail.add(try await self.poll(operation.name, trail.digest, context))
        case .publish(let name):
            try await context.publish(name, operation.number)
        case .event(let isOwn):
            trail.add(try await self.event(operation, isOwn, trail.digest, context))
        case .answer(let update):
            trail.add(try await self.answer(update, operation.name, trail.digest, context))
        case .append(let stream, _):
            if let value = try await self.append(operation, to: stream, trail.digest, context) { trail.add(value) }
        case .enqueue(let programs):
            trail.add(try await self.enqueue(operation.name, programs, trail.digest, context))
        case .children(let programs, let group):
            for value in try await self.children(operation.name, programs, group, context) { trail.add(value) }
        }
    }

    /// What a call that is to fail leaves behind, after the engine has said that it failed.
    private func orFailed(_ call: () async throws -> Int64) async throws -> Int64 {
        do {
            return try await call()
        } catch is StepFailure {
            return -1
        }
    }

    // MARK: - Waiting

    private func token(_ operation: Operation, _ digest: Int64, _ context: WorkflowContext) async throws -> Int64 {
        let token = try await context.token(Int.self, operation.name)
        let (effects, name) = (self.effects, "hand out \(operation.name)")
        try await context.step(name) { step in
            effects.step(.begin, step, name, digest)
            effects.step(.token, step, name, digest, token.id)
        }
        let value = try await context.value(of: token)
        if value != operation.number {
            self.effects.wrong(
                context,
                operation.name,
                "the token was completed with \(operation.number), not \(value)"
            )
        }
        return Int64(value)
    }

    private func child(
        _ name: String,
        _ program: Program,
        _ isDetached: Bool,
        _ digest: Int64,
        _ context: WorkflowContext
    ) async throws -> Int64 {
        do {
            guard isDetached else { return try await context.child(Code.self, program).digest }
            let child = try await context.start(Code.self, program)
            _ = try await self.step(name, StepPlan(), digest, context)
            return try await child.result(in: context).digest
        } catch let failure where failure is ProgramFailure || failure is StepFailure {
            return self.end(of: name, failure, context)
        }
    }

    /// What a child leaves behind that did not succeed.
    func end(of name: String, _ failure: any Error, _ context: WorkflowContext) -> Int64 {
        if failure is ProgramFailure { return -2 }
        // Only this can become of it otherwise: somebody has cancelled the parent or the group, and it with it.
        if (failure as? StepFailure)?.type != "WorkflowCancelled" {
            self.effects.wrong(context, name, "the child failed: \(failure)")
        }
        return -3
    }

    // MARK: - Branches

    private func branch(
        _ operations: [Operation],
        _ digest: Int64,
        _ context: WorkflowContext
    ) async throws -> Int64 {
        var trail = Trail(digest)
        try await self.perform(operations, &trail, context)
        return trail.digest
    }

    private func parallel(
        _ branches: [[Operation]],
        _ digest: Int64,
        _ context: WorkflowContext
    ) async throws -> [Int64] {
        func body(_ index: Int) -> @Sendable @concurrent (WorkflowContext) async throws -> Int64 {
            let operations = branches[index]
            return { branch in try await self.branch(operations, digest, branch) }
        }
        switch branches.count {
        case 0: return []
        case 1: return [try await context.parallel(body(0))]
        case 2:
            let (one, two) = try await context.parallel(body(0), body(1))
            return [one, two]
        default:
            let (one, two, three) = try await context.parallel(body(0), body(1), body(2))
            return [one, two, three]
        }
    }

    /// How a race ended.
    private struct Won: Codable, Sendable {
        var branch: Int
        var digest: Int64
    }

    private func race(_ branches: [[Operation]], _ trail: inout Trail, _ context: WorkflowContext) async throws {
        let digest = trail.digest
        func body(_ index: Int) -> @Sendable @concurrent (WorkflowContext) async throws -> Won {
            let operations = branches[index]
            return { branch in Won(branch: index, digest: try await self.branch(operations, digest, branch)) }
        }
        let won: Won =
            switch branches.count {
            case 0: Won(branch: 0, digest: digest)
            case 1: try await context.race(body(0))
            case 2: try await context.race(body(0), body(1))
            default: try await context.race(body(0), body(1), body(2))
            }
        trail.add(Int64(won.branch))
        trail.add(won.digest)
        // What lost has consumed nothing: it is still there.
        for (index, operations) in branches.enumerated() where index != won.branch {
            for operation in operations {
                guard case .receive(let signal) = operation.action else { continue }
                trail.add(Int64(try await context.receive(Int.self, signal)))
            }
        }
    }

    private func saga(
        _ operation: Operation,
        _ body: [Operation],
        _ fails: Bool,
        _ digest: Int64,
        _ context: WorkflowContext
    ) async throws -> Int64 {
        do {
            return try await context.saga(operation.name) { saga in
                var trail = Trail(digest)
                try await self.perform(body, &trail, saga)
                if fails { throw ProgramFailure(workflow: context.workflowID, saga: operation.number) }
                return trail.digest
            }
        } catch let failure as ProgramFailure {
            if failure.saga != operation.number {
                self.effects.wrong(context, operation.name, "the saga threw what another one has thrown: \(failure)")
            }
            return -4
        }
    }
}
