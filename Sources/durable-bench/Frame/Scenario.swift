// SPDX-License-Identifier: Apache-2.0

/// A question, and the cells that answer it.
///
/// To add one: write the type, name it in `Scenarios.all`, and its floors in `Floor.table`.
protocol Scenario: Sendable {
    /// What it is called on the command line.
    static var name: String { get }
    /// What it measures, in one line.
    static var words: String { get }
    /// What its ratios need besides its own cells.
    static var needs: [any Scenario.Type] { get }

    init(size: BenchSize)

    var cells: [Cell] { get }
    var ratios: [Ratio] { get }
}

extension Scenario {
    static var needs: [any Scenario.Type] { [] }
    var ratios: [Ratio] { [] }
}

/// All of them, in the order of the report.
enum Scenarios {
    static let all: [any Scenario.Type] = [
        CeilingScenario.self, StepsScenario.self, WorkflowScenario.self, DrainScenario.self, TransactionScenario.self,
        RecoveryScenario.self, WakeScenario.self, SleepersScenario.self, FanoutScenario.self, GrowthScenario.self,
        InspectScenario.self, CostScenario.self, PeerScenario.self,
    ]

    /// Those that were asked for, and what they need, each once.
    static func named(_ names: [String]) throws -> [any Scenario.Type] {
        if names.isEmpty { return self.all }
        var chosen: Set<String> = []
        for name in names {
            guard let scenario = self.all.first(where: { $0.name == name }) else {
                throw BenchFailure(
                    "\(name) is no scenario; there are \(self.all.map { $0.name }.joined(separator: ", "))"
                )
            }
            chosen.insert(name)
            for needed in scenario.needs { chosen.insert(needed.name) }
        }
        return self.all.filter { chosen.contains($0.name) }
    }
}
