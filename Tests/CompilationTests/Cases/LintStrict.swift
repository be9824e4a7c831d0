// SPDX-License-Identifier: Apache-2.0

import Durable
import DurableMacros
import Foundation

#if MISTAKE
    @Workflow(strict: true)
    struct LintStrict {
        let rates: StrictRates
        let tags: Set<String>

        func run(_ count: Int, in workflow: WorkflowContext) async throws -> Int {
            let start = Date()  // error: 'Date()' is another time on replay: use 'workflow.now'
            let rate = try await self.rates.fetch()  // error: this call is not recorded: wrap it in a step
            let id = UUID()  // error: use 'workflow.uuid()'
            let dice = Int.random(in: 1...6)  // error: give it 'using: &workflow.random'
            try await Task.sleep(for: .seconds(1))  // error: use 'workflow.sleep(for:)'
            let day = Calendar.current.component(.day, from: start)  // error: 'Calendar.current' is a setting
            let region = ProcessInfo.processInfo.environment["REGION"]  // error: read it in a step
            for tag in self.tags {  // error: a set has another order in each process
                try await self.add(tag, in: workflow)
            }
            _ = try? await self.add("first", in: workflow)  // error: 'try?' swallows
            do {
                try await self.add("\(id) \(dice) \(day) \(region ?? "")", in: workflow)
            } catch {  // error: this 'catch' takes 'WorkflowInterruption'
                return 0
            }
            return rate
        }

        @Step
        func add(_ tag: String, in step: StepContext) async throws {}
    }
#else
    @Workflow(strict: true)
    struct LintStrict {
        let rates: StrictRates
        let tags: Set<String>
        let calendar: Calendar

        func run(_ count: Int, in workflow: WorkflowContext) async throws -> Int {
            let start = workflow.now
            let rate = try await workflow.step("fetch") { _ in try await self.rates.fetch() }
            let id = workflow.uuid()
            let dice = Int.random(in: 1...6, using: &workflow.random)
            try await workflow.sleep(for: .seconds(1))
            let day = self.calendar.component(.day, from: start)
            let region = try await workflow.step("region") { _ in ProcessInfo.processInfo.environment["REGION"] }
            for tag in self.tags.sorted() {
                try await self.add(tag, in: workflow)
            }
            do {
                try await self.add("\(id) \(dice) \(day) \(region ?? "")", in: workflow)
            } catch let interruption as WorkflowInterruption {
                throw interruption
            } catch {
                return 0
            }
            Task { try await self.rates.fetch() }  // durable:allow — warms a cache, may happen twice
            return rate
        }

        @Step
        func add(_ tag: String, in step: StepContext) async throws {}
    }
#endif

struct StrictRates: Sendable {
    func fetch() async throws -> Int { 1 }
}
