// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The benchmarks, see `Scripts/bench`.
@main
struct DurableBench {
    static func main() async {
        do {
            if CommandLine.arguments.count == 3, CommandLine.arguments[1] == "worker" {
                return try await BenchWorker.run(CommandLine.arguments[2])
            }
            let arguments = try Arguments(CommandLine.arguments.dropFirst())
            let missed: [String]
            let json: String
            switch arguments.scenario {
            case .steps:
                let figures = try await StepsScenario(rounds: arguments.rounds, seconds: arguments.seconds).run()
                (missed, json) = (figures.missedFloors, figures.json)
            case .fanout:
                let fanout = try await FanoutScenario(children: arguments.children).run()
                (missed, json) = (fanout.missedFloors, fanout.json)
            case .growth:
                let growth = try await GrowthScenario(rounds: arguments.rounds, finished: arguments.finished).run()
                (missed, json) = (growth.missedFloors, growth.json)
            case .wake:
                let wakes = try await WakeScenario(rounds: arguments.wakes).run()
                (missed, json) = (wakes.missedFloors, wakes.json)
            case .sleepers:
                let sleepers = try await SleepersScenario(sleepers: arguments.sleepers, due: arguments.due).run()
                (missed, json) = (sleepers.missedFloors, sleepers.json)
            }
            for words in missed { print("bench: below the floor: \(words)") }
            print(json)
            exit(missed.isEmpty ? 0 : 1)
        } catch {
            FileHandle.standardError.write(Data("bench: \(error)\n".utf8))
            exit(error is Arguments.Misuse ? 2 : 1)
        }
    }
}
