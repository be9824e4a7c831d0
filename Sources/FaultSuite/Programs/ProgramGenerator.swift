// SPDX-License-Identifier: Apache-2.0

/// Makes programs from seeds: the same one from the same seed.
struct ProgramGenerator {
    /// From how many milliseconds on a step counts as slow.
    static let slow = 60
    /// How many durable operations a program has.
    static let sizes = 5...60

    private var random: SplitMix
    private var numbers = 0
    /// How many operations may still be made.
    private var budget: Int

    /// Where operations are made.
    private struct Site {
        var depth = 0
        var isInRace = false
        var isInBranch = false
        var isInChild = false
        /// Whether messages arrive here: only the top workflow of a program is known outside.
        var receives: Bool { !self.isInChild && !self.isInRace }
    }

    private init(seed: UInt64) {
        self.random = SplitMix(seed: seed)
        // Most are of middling size: a sum of two dice.
        self.budget = 0
        self.budget = self.random.pick(3...30) + self.random.pick(2...30)
    }

    /// The program of a seed.
    static func program(seed: UInt64) -> Program {
        var generator = ProgramGenerator(seed: seed)
        let roll = generator.random.pick(1...100)
        let ending: Program.Ending =
            switch roll {
            case 1...12: .fails
            case 13...22: .awaitsCancellation
            case 23...30: .pauses
            default: .succeeds
            }
        var generations = [generator.budget]
        // What is undone at the end of one that pauses must not have been given up before.
        if ending != .pauses, generator.random.chance(10) {
            generations = generator.split(generator.budget, into: generator.random.pick(2...3))
        }
        var made: [[Operation]] = []
        for budget in generations {
            generator.budget = budget
            var operations: [Operation] = []
            while generator.budget > 0 { operations.append(generator.operation(Site())) }
            made.append(operations)
        }
        var operations = made.removeFirst()
        if ending == .pauses {
            let plan = StepPlan(undo: .never)
            // First, so that everything else is undone before it.
            operations.insert(Operation(number: 0, action: .step(plan)), at: 0)
        }
        return Program(
            operations: operations,
            ending: ending,
            later: made.map { Program(operations: $0, ending: ending) }
        )
    }

    /// Parts of about one size.
    private func split(_ count: Int, into parts: Int) -> [Int] {
        (0..<parts).map { max(1, count * ($0 + 1) / parts - count * $0 / parts) }
    }

    // MARK: - Operations

    private mutating func operation(_ site: Site) -> Operation {
        self.numbers += 1
        self.budget -= 1
        let number = self.numbers
        return Operation(number: number, action: self.action(site, number))
    }

    private mutating func action(_ site: Site, _ number: Int) -> Action {
        let canNest = site.depth < 3 && self.budget >= 3
        switch self.random.pick(1...132) {
        case 1...30: return .step(self.step(site))
        case 31...46: return .transaction(self.transaction(site))
        case 47...55: return .sleep(milliseconds: self.random.pick(2...self.random.pick(10...400)))
        case 56...64 where site.receives:
            return .receive(signal: site.isInBranch ? "mail-\(number)" : "mail")
        case 65...70 where !site.isInRace: return .token
        case 71...77 where canNest && !site.isInRace && !site.isInChild:
            return self.child(site, number)
        case 78...83 where canNest: return .parallel(self.branches(self.random.pick(2...3), site))
        case 84...87 where canNest: return .map(self.branches(self.random.pick(1...4), site))
        case 88...93 where canNest && !site.isInRace: return .race(self.racers(site))
        case 94...100 where canNest && !site.isInRace:
            let fails = self.random.chance(55)
            return .saga(self.body(site, self.random.pick(1...5)), fails: fails)
        default: return self.talk(site, number)
        }
    }

    /// What others see of a workflow, ask of it, or are given to do by it.
    private mutating func talk(_ site: Site, _ number: Int) -> Action {
        // Where branches run beside each other each has names of its own, so that the order of everything is known.
        let suffix = site.isInBranch ? "-\(number)" : ""
        switch self.random.pick(1...32) {
        case 1...4: return .poll
        case 5...8: return .publish(name: "value\(suffix)")
        case 9...11 where site.receives: return .event(isOwn: false)
        case 12...14 where !site.isInRace: return .event(isOwn: true)
        case 15...18 where site.receives: return .answer(update: "ask\(suffix)")
        case 19...21: return .append(stream: "log\(suffix)", elements: 0)
        case 22...24: return .append(stream: "log\(suffix)", elements: self.random.pick(2...5))
        case 25...26 where !site.isInRace && !site.isInChild: return .enqueue(self.programs(1, site))
        case 27...28 where !site.isInRace && !site.isInChild:
            return .enqueue(self.programs(self.random.pick(2...4), site))
        case 29...32 where site.depth < 3 && !site.isInRace && !site.isInChild:
            let programs = self.programs(self.random.pick(2...4), site)
            return .children(
                programs,
                GroupPlan(
                    concurrency: self.random.chance(50) ? self.random.pick(1...2) : nil,
                    tolerated: self.random.chance(40) ? self.random.pick(0...1) : nil
                )
            )
        default: return .step(self.step(site))
        }
    }

    private mutating func step(_ site: Site) -> StepPlan {
        var plan = StepPlan()
        switch self.random.pick(1...10) {
        case 1...6: plan.milliseconds = self.random.pick(0...3)
        case 7, 8: plan.milliseconds = self.random.pick(4...40)
        default: plan.milliseconds = self.random.pick(Self.slow...200)
        }
        switch self.random.pick(1...10) {
        case 1, 2:
            plan.attempts = self.random.pick(2...4)
            plan.failures = self.random.pick(1...(plan.attempts - 1))
        case 3:
            plan.attempts = self.random.pick(1...3)
            plan.failures = plan.attempts
        default: plan.attempts = 2
        }
        plan.undo = self.undo(site)
        return plan
    }

    private mutating func transaction(_ site: Site) -> TransactionPlan {
        TransactionPlan(fails: self.random.chance(15), undo: self.undo(site))
    }

    private mutating func undo(_ site: Site) -> UndoPlan {
        switch self.random.pick(1...10) {
        case 1...3: .works
        case 4: .flaky
        default: .none
        }
    }

    // MARK: - Groups

    private mutating func body(_ site: Site, _ count: Int) -> [Operation] {
        var inside = site
        inside.depth += 1
        var operations: [Operation] = []
        for _ in 0..<count where self.budget > 0 || operations.isEmpty { operations.append(self.operation(inside)) }
        return operations
    }

    private mutating func branches(_ count: Int, _ site: Site) -> [[Operation]] {
        var inside = site
        inside.isInBranch = true
        return (0..<count).map { _ in self.body(inside, self.random.pick(1...3)) }
    }

    private mutating func racers(_ site: Site) -> [[Operation]] {
        var inside = site
        inside.isInBranch = true
        inside.isInRace = true
        var branches = (0..<self.random.pick(1...2)).map { _ in self.body(inside, self.random.pick(1...3)) }
        // What the others race against: a message, or the time.
        self.numbers += 1
        self.budget -= 1
        let last: Action =
            if !site.isInChild, self.random.chance(50) {
                .receive(signal: "mail-\(self.numbers)")
            } else {
                .sleep(milliseconds: self.random.pick(5...300))
            }
        branches.insert([Operation(number: self.numbers, action: last)], at: self.random.pick(0...branches.count))
        return branches
    }

    private mutating func child(_ site: Site, _ number: Int) -> Action {
        .child(self.program(site, number, size: 1...6), isDetached: self.random.chance(45))
    }

    /// Small programs, to be started together.
    private mutating func programs(_ count: Int, _ site: Site) -> [Program] {
        (0..<count).map { _ in
            self.numbers += 1
            return self.program(site, self.numbers, size: 1...2)
        }
    }

    /// A program that a workflow starts.
    private mutating func program(_ site: Site, _ number: Int, size: ClosedRange<Int>) -> Program {
        var inside = Site()
        inside.isInChild = true
        inside.depth = site.depth
        let operations = self.body(inside, self.random.pick(size))
        return Program(number: number, operations: operations, ending: self.random.chance(20) ? .fails : .succeeds)
    }
}
