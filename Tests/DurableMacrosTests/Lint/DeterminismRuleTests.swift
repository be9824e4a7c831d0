// SPDX-License-Identifier: Apache-2.0

import Testing

@Suite struct DeterminismRuleTests {
    @Test func `a date of the clock is the workflow's now`() throws {
        try expectLint(
            """
            let start = Date()  // warning: 'Date()' is another time on replay: use 'workflow.now'
            let again = Foundation.Date.now.addingTimeInterval(5)  // warning: 'Date.now' is another time on replay
            let third: Date = .now  // warning: '.now' is another time on replay
            let soon = Date(timeIntervalSinceNow: 60)  // warning: use 'workflow.now'
            let left = order.due.timeIntervalSinceNow  // warning: 'timeIntervalSinceNow' is another time on replay
            """,
            fixed: """
                let start = workflow.now
                let again = workflow.now.addingTimeInterval(5)
                let third: Date = workflow.now
                let soon = workflow.now.addingTimeInterval(60)
                let left = order.due.timeIntervalSince(workflow.now)
                """
        )
    }

    @Test func `other clocks are named`() throws {
        try expectLint(
            """
            let start = ContinuousClock.now  // warning: 'ContinuousClock.now' is another time on replay
            let clock = SuspendingClock()  // warning: 'SuspendingClock' is another time on replay
            let then = ContinuousClock().now  // warning: 'ContinuousClock' is another time on replay
            let end = DispatchTime.now()  // warning: or measure in a step
            """
        )
    }

    @Test func `calendars, time zones and locales of the process are named`() throws {
        try expectLint(
            """
            let day = Calendar.current.startOfDay(for: workflow.now)  // warning: 'Calendar.current' is a setting
            let zone = TimeZone.autoupdatingCurrent  // warning: hand it to the workflow as a property
            let text = order.total.formatted(.currency(code: "EUR").locale(Locale.current))  // warning: 'Locale.current'
            """
        )
    }

    @Test func `random numbers and orders come from the workflow's generator`() throws {
        try expectLint(
            """
            let dice = Int.random(in: 1...6)  // warning: give it 'using: &workflow.random'
            let coin = Bool.random()  // warning: 'random' is another one on replay
            let share: Double = .random(in: 0..<1)  // warning: 'random' is another one on replay
            let lines = order.lines.shuffled()  // warning: 'shuffled' is another one on replay
            let line = order.lines.randomElement()  // warning: 'randomElement' is another one on replay
            """,
            fixed: """
                let dice = Int.random(in: 1...6, using: &workflow.random)
                let coin = Bool.random(using: &workflow.random)
                let share: Double = .random(in: 0..<1, using: &workflow.random)
                let lines = order.lines.shuffled(using: &workflow.random)
                let line = order.lines.randomElement(using: &workflow.random)
                """
        )
        try expectLint(
            """
            var generator = SystemRandomNumberGenerator()  // warning: use the generator 'workflow.random'
            let number = arc4random_uniform(6)  // warning: 'arc4random_uniform' gives other numbers on replay
            """
        )
    }

    @Test func `a UUID is the workflow's`() throws {
        try expectLint(
            """
            let id = UUID()  // warning: 'UUID()' is another one on replay: use 'workflow.uuid()'; make a secret in a step
            let text = Foundation.UUID().uuidString  // warning: use 'workflow.uuid()'
            """,
            fixed: """
                let id = workflow.uuid()
                let text = workflow.uuid().uuidString
                """
        )
    }

    @Test func `the environment, the arguments and files are read in a step`() throws {
        try expectLint(
            """
            let region = ProcessInfo.processInfo.environment["REGION"]  // warning: 'ProcessInfo.processInfo' reads what
            let home = getenv("HOME")  // warning: read it in a step, or hand the value to the workflow as a property
            let mode = CommandLine.arguments.first  // warning: 'CommandLine.arguments' reads what can differ
            let text = try String(contentsOf: url, encoding: .utf8)  // warning: 'String' reads what can differ
            let data = try Data(contentsOf: url)  // warning: 'Data' reads what can differ in the next process
            let exists = FileManager.default.fileExists(atPath: path)  // warning: 'FileManager.default' reads what
            """
        )
    }

    @Test func `a set or a dictionary is sorted before durable calls are made for its elements`() throws {
        try expectLint(
            """
            for tag in self.tags {  // warning: a set has another order in each process
                try await self.add(tag, in: workflow)
            }
            for (sku, price) in prices {  // warning: a dictionary has another order in each process
                try await workflow.step(sku) { _ in price }
            }
            for sku in order.stock.keys {  // warning: durable calls are known by theirs: sort it first
                try await self.add(sku, in: workflow)
            }
            for price in self.prices.values.filter({ $0 > 0 }) {  // warning: a dictionary has another order
                try await self.pay(price, in: workflow)
            }
            for name in Set(order.names) {  // warning: a set has another order in each process
                try await self.add(name, in: workflow)
            }
            let unique: Set = Set(order.names)
            for (index, name) in unique.union(self.tags).enumerated() {  // warning: a set has another order
                try await self.add(name, at: index, in: workflow)
            }
            for (sku, count) in ["teapot": 1, "cup": 2] {  // warning: a dictionary has another order
                try await self.add(sku, count, in: workflow)
            }
            _ = try await workflow.map(Array(self.tags)) { tag, branch in  // warning: a set has another order
                try await branch.step("add") { _ in tag }
            }
            """,
            fixed: """
                for tag in self.tags.sorted() {
                    try await self.add(tag, in: workflow)
                }
                for (sku, price) in prices.sorted(by: { $0.key < $1.key }) {
                    try await workflow.step(sku) { _ in price }
                }
                for sku in order.stock.keys.sorted() {
                    try await self.add(sku, in: workflow)
                }
                for price in self.prices.sorted(by: { $0.key < $1.key }).map(\\.value).filter({ $0 > 0 }) {
                    try await self.pay(price, in: workflow)
                }
                for name in Set(order.names).sorted() {
                    try await self.add(name, in: workflow)
                }
                let unique: Set = Set(order.names)
                for (index, name) in unique.union(self.tags).sorted().enumerated() {
                    try await self.add(name, at: index, in: workflow)
                }
                for (sku, count) in ["teapot": 1, "cup": 2].sorted(by: { $0.key < $1.key }) {
                    try await self.add(sku, count, in: workflow)
                }
                _ = try await workflow.map(Array(self.tags.sorted())) { tag, branch in
                    try await branch.step("add") { _ in tag }
                }
                """
        )
    }
}
