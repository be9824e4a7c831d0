// SPDX-License-Identifier: Apache-2.0

extension WorkflowContext {
    /// Runs branches side by side, each with a context of its own, and waits for all of them.
    ///
    /// ```swift
    /// let (email, label) = try await workflow.parallel(
    ///     { branch in try await branch.step("email") { step in try await mailer.send(order, step) } },
    ///     { branch in try await branch.step("label") { step in try await printer.print(order, step) } })
    /// ```
    ///
    /// - Returns: What the branches returned, in the order in which they are written.
    /// - Throws: What the first branch to fail threw; the others are cancelled and waited for, and after a crash none of
    ///   them is entered again.
    public func parallel<each Value: Sendable>(
        _ branches: repeat @escaping @Sendable @concurrent (WorkflowContext) async throws -> each Value
    ) async throws -> (repeat each Value) {
        let results = (repeat BranchResult<each Value>())
        var bodies: [@Sendable @concurrent (WorkflowContext) async throws -> Void] = []
        repeat bodies.append(Self.storing(each results, each branches))
        try await self.runAll("parallel", bodies)
        return (repeat try (each results).take())
    }

    /// Runs branches side by side, waits until each has ended, and returns what became of each.
    ///
    /// - Throws: ``WorkflowInterruption`` only: failures are in the results.
    public func parallelSettled<each Value: Sendable>(
        _ branches: repeat @escaping @Sendable @concurrent (WorkflowContext) async throws -> each Value
    ) async throws -> (repeat Result<each Value, any Error>) {
        let results = (repeat BranchResult<Result<each Value, any Error>>())
        var bodies: [@Sendable @concurrent (WorkflowContext) async throws -> Void] = []
        repeat bodies.append(Self.settling(each results, each branches))
        try await self.runAll("parallel", bodies)
        return (repeat try (each results).take())
    }

    /// Runs one branch per element, and waits for all of them.
    ///
    /// The elements come from a collection with an order, so that each has the same place on every replay: a `Set` or
    /// `Dictionary` does not compile.
    ///
    /// ```swift
    /// let thumbnails = try await workflow.map(images, maxConcurrent: 8) { image, branch in
    ///     try await branch.step("resize") { step in try await resize(image, step) }
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - elements: One branch each.
    ///   - maxConcurrent: How many branches run at a time.
    ///   - body: The branch of an element, with a context of its own.
    /// - Returns: What the branches returned, in the order of the elements.
    /// - Throws: What the first branch to fail threw; the others are cancelled and waited for.
    public func map<Elements: RandomAccessCollection & Sendable, Value: Sendable>(
        _ elements: Elements,
        maxConcurrent: Int = 64,
        _ body: @escaping @Sendable @concurrent (Elements.Element, WorkflowContext) async throws -> Value
    ) async throws -> [Value] where Elements.Element: Sendable {
        let results = BranchResults<Value>(count: elements.count)
        let group = BranchGroup(
            name: "map",
            count: elements.count,
            maxConcurrent: maxConcurrent,
            rule: .all,
            value: { _ in nil }
        )
        let end = try await group.run(in: self) { index, branch in
            let element = elements[elements.index(elements.startIndex, offsetBy: index)]
            results.set(try await body(element, branch), for: index)
        }
        if let error = end.decidingError { throw error }
        return (0..<elements.count).compactMap { results[$0] }
    }

    /// Runs one branch per element, and returns what became of each.
    ///
    /// - Parameters:
    ///   - elements: One branch each.
    ///   - maxConcurrent: How many branches run at a time.
    ///   - completion: When the group is decided before all have ended, by successes or by failures.
    ///   - body: The branch of an element, with a context of its own.
    /// - Returns: A result per element, in order; nil for one that had not ended when enough had succeeded.
    /// - Throws: What the branch threw that was one failure too many for `completion`.
    public func mapSettled<Elements: RandomAccessCollection & Sendable, Value: Codable & Sendable>(
        _ elements: Elements,
        maxConcurrent: Int = 64,
        completion: CompletionPolicy = .all,
        _ body: @escaping @Sendable @concurrent (Elements.Element, WorkflowContext) async throws -> Value
    ) async throws -> [Result<Value, any Error>?] where Elements.Element: Sendable {
        try completion.validate()
        let results = BranchResults<Value>(count: elements.count)
        let coder = self.engine.coder
        let subject = PayloadSubject(.step, workflow: self.run.plan.name, name: "map")
        let group = BranchGroup(
            name: "map",
            count: elements.count,
            maxConcurrent: maxConcurrent,
            rule: .settled(completion),
            value: { try results[$0].map { try coder.text(of: $0, as: "the value of a branch of map", subject) } }
        )
        let end = try await group.run(in: self) { index, branch in
            let element = elements[elements.index(elements.startIndex, offsetBy: index)]
            results.set(try await body(element, branch), for: index)
        }
        if let error = end.decidingError { throw error }
        if end.isRecalled {
            var recalled = [Result<Value, any Error>?](repeating: nil, count: elements.count)
            for ended in end.record.ended ?? [] {
                if let text = ended.value {
                    recalled[ended.branch] = .success(try self.branchValue(Value.self, text, of: "map"))
                } else if let error = end.errors[ended.branch] {
                    recalled[ended.branch] = .failure(error)
                }
            }
            return recalled
        }
        let failures = self.run.failures
        return try (0..<elements.count).map { index in
            if let error = end.errors[index] {
                return .failure(try self.recorded(error).thrown(declared: failures, coder: coder))
            }
            return results[index].map { .success($0) }
        }
    }

    /// Runs branches side by side until the first of them ends; the others are cancelled and waited for.
    ///
    /// A deadline for a part of a workflow is a race against a sleep:
    ///
    /// ```swift
    /// let paid = try await workflow.race(
    ///     { branch in try await self.collectPayment(order, in: branch) },
    ///     { branch in try await branch.sleep(for: .seconds(3600)); return false })
    /// ```
    ///
    /// - Returns: What the first branch to end returned.
    /// - Throws: What the first branch to end threw.
    public func race<Value: Codable & Sendable>(
        _ branches: (@Sendable @concurrent (WorkflowContext) async throws -> Value)...
    ) async throws -> Value {
        guard !branches.isEmpty else {
            throw DurableError(.invalidArgument, "a race needs at least one branch", workflow: self.run.id)
        }
        let results = BranchResults<Value>(count: branches.count)
        let coder = self.engine.coder
        let subject = PayloadSubject(.step, workflow: self.run.plan.name, name: "race")
        let group = BranchGroup(
            name: "race",
            count: branches.count,
            maxConcurrent: branches.count,
            rule: .race,
            value: { try results[$0].map { try coder.text(of: $0, as: "the value of a branch of race", subject) } }
        )
        let end = try await group.run(in: self) { index, branch in
            results.set(try await branches[index](branch), for: index)
        }
        if let error = end.decidingError { throw error }
        guard let winner = end.record.branch else { throw self.interruptionError }
        if let value = results[winner] { return value }
        return try self.branchValue(Value.self, end.record.value ?? "null", of: "race")
    }

    /// The value of a branch, as the end of its group has recorded it.
    private func branchValue<Value: Decodable>(_ type: Value.Type, _ text: String, of group: String) throws -> Value {
        do {
            return try self.engine.coder.value(type, from: text)
        } catch {
            throw self.undecodable(error, label: group)
        }
    }

    /// Runs calls in a scope of their own, one after the other: calls added inside do not move the places of those after it.
    ///
    /// - Parameters:
    ///   - name: What the scope is called in the journal; 1 to 128 bytes.
    ///   - body: The calls, made on the context of the scope.
    @discardableResult
    public func scope<Value>(
        _ name: String,
        _ body: (WorkflowContext) async throws -> Value
    ) async throws -> Value {
        try self.checkAlive()
        try IdentifierRules.check(name: name, of: .scope)
        let place = try self.takeScope(name)
        let child = try self.child(ScopePath.of(name, at: place.position, in: place.scope), branch: self.branch)
        child.isAtFrontier = self.isAtFrontier
        defer {
            self.isAtFrontier = child.isAtFrontier
            self.isClosed = self.isClosed || child.isClosed
            self.lastTicket = max(self.lastTicket, child.lastTicket)
            self.clock = max(self.clock, child.clock)
        }
        let value = try await body(child)
        try child.finishScope()
        return value
    }

    // MARK: - Parts

    private func takeScope(_ name: String) throws -> Place {
        do {
            return try self.cursor.advance(.scope, name, in: self.run.plan.history).place
        } catch let divergence as Divergence {
            throw self.run.diverged(divergence)
        }
    }

    private func runAll(
        _ name: String,
        _ bodies: [@Sendable @concurrent (WorkflowContext) async throws -> Void]
    ) async throws {
        let group = BranchGroup(
            name: name,
            count: bodies.count,
            maxConcurrent: max(1, bodies.count),
            rule: .all,
            value: { _ in nil }
        )
        let end = try await group.run(in: self) { index, branch in try await bodies[index](branch) }
        if let error = end.decidingError { throw error }
    }

    private static func storing<Value: Sendable>(
        _ result: BranchResult<Value>,
        _ body: @escaping @Sendable @concurrent (WorkflowContext) async throws -> Value
    ) -> @Sendable @concurrent (WorkflowContext) async throws -> Void {
        { branch in result.set(try await body(branch)) }
    }

    private static func settling<Value: Sendable>(
        _ result: BranchResult<Result<Value, any Error>>,
        _ body: @escaping @Sendable @concurrent (WorkflowContext) async throws -> Value
    ) -> @Sendable @concurrent (WorkflowContext) async throws -> Void {
        { branch in
            do {
                result.set(.success(try await body(branch)))
            } catch let interruption as WorkflowInterruption {
                throw interruption
            } catch {
                try branch.checkAlive()
                let recorded = branch.recorded(error)
                result.set(
                    .failure(try recorded.thrown(declared: branch.run.failures, coder: branch.engine.coder))
                )
            }
        }
    }
}

extension BranchGroup.End {
    /// What the branch threw that decided the group, if one failed it.
    var decidingError: (any Error)? {
        guard self.record.verdict == .failed || self.record.verdict == .won, let branch = self.record.branch else {
            return nil
        }
        return self.errors[branch]
    }
}
