// SPDX-License-Identifier: Apache-2.0

import Durable

extension Interpreter {
    func poll(_ name: String, _ digest: Int64, _ context: WorkflowContext) async throws -> Int64 {
        let effects = self.effects
        let value = try await context.poll(name, every: .constant(.milliseconds(40))) { step in
            effects.step(.begin, step, name, digest)
            let value = Int64.random(in: 0 ... .max)
            effects.step(.end, step, name, digest, "\(value)")
            return value
        } until: { value in
            Talk.isRight(value)
        }
        if !Talk.isRight(value) { self.effects.wrong(context, name, "the poll ended with \(value)") }
        return value
    }

    func event(
        _ operation: Operation,
        _ isOwn: Bool,
        _ digest: Int64,
        _ context: WorkflowContext
    ) async throws -> Int64 {
        let (name, number) = (operation.name, operation.number)
        let key = Talk.eventKey(context.workflowID, name)
        var announced: Int64 = 0
        if isOwn {
            announced = try await context.transaction("announce \(name)") { transaction in
                let value = try await Self.increment("announce \(name)", digest, transaction)
                try await transaction.publish(Talk.event, number, key: key)
                return value
            }
        }
        // It may have been published long before, by callers who do not wait for anybody.
        let value = try await context.waitForEvent(Talk.event, key: key, lookBack: .seconds(86_400))
        if value != number {
            self.effects.wrong(
                context,
                name,
                "the event was published with \(number), not \(value.map { "\($0)" } ?? "-")"
            )
        }
        return announced
    }

    func answer(
        _ update: String,
        _ name: String,
        _ digest: Int64,
        _ context: WorkflowContext
    ) async throws -> Int64 {
        let answer = try await context.answer(Talk.update(update)) { request, workflow in
            let plan = TransactionPlan()
            return Talk.Answer(
                request: request,
                value: try await self.transaction("answer \(name)", plan, digest, workflow)
            )
        }
        return answer?.value ?? -6
    }

    /// Nil where nothing comes back.
    func append(
        _ operation: Operation,
        to stream: String,
        _ digest: Int64,
        _ context: WorkflowContext
    ) async throws -> Int64? {
        let (name, elements, effects) = (operation.name, operation.elements, self.effects)
        guard elements.count > 1 else {
            try await context.append(operation.number, to: stream)
            return nil
        }
        let retry = RetryPolicy.constant(attempts: 3, delay: .milliseconds(3))
        return try await context.step(name, retry: retry) { step in
            effects.step(.begin, step, name, digest)
            let open = step.stream(stream)
            for (index, element) in elements.enumerated() {
                // Half of them fail once, halfway; the second attempt appends all of it again.
                if step.attempt == 1, index == elements.count / 2, !elements.count.isMultiple(of: 2) {
                    throw PlannedFailure()
                }
                try open.append(element)
            }
            let value = Int64.random(in: 0 ... .max)
            effects.step(.end, step, name, digest, "\(value)")
            return value
        }
    }

    func enqueue(
        _ name: String,
        _ programs: [Program],
        _ digest: Int64,
        _ context: WorkflowContext
    ) async throws -> Int64 {
        try await context.transaction(name) { transaction in
            let value = try await Self.increment(name, digest, transaction)
            var options = EnqueueOptions()
            options.queue = Talk.queue.name
            options.priority = programs.count
            let ids = programs.indices.map { Talk.enqueuedID(transaction.workflow, name, $0) }
            if programs.count == 1 {
                try await transaction.enqueue(Code.self, programs[0], id: ids[0], options: options)
            } else {
                try await transaction.enqueueAll(Code.self, programs, ids: ids, options: options)
            }
            return value
        }
    }

    func children(
        _ name: String,
        _ programs: [Program],
        _ group: GroupPlan,
        _ context: WorkflowContext
    ) async throws -> [Int64] {
        do {
            let results = try await context.children(
                Code.self,
                programs,
                maxConcurrent: group.concurrency,
                tolerate: group.tolerated.map { .count($0) } ?? .any
            )
            return results.map { result in
                switch result {
                case .success(let end): end.digest
                case .failure(let failure): self.end(of: name, failure, context)
                }
            }
        } catch let failure as StepFailure where failure.type == "ChildrenFailed" {
            return [-5]
        }
    }
}
