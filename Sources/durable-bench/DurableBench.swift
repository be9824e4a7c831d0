// SPDX-License-Identifier: Apache-2.0

import Foundation

/// `durable-bench steps [--rounds 5] [--seconds 3]`, see `Scripts/bench`.
@main
struct DurableBench {
    static func main() async {
        do {
            let arguments = try Arguments(CommandLine.arguments.dropFirst())
            let figures = try await StepsScenario(rounds: arguments.rounds, seconds: arguments.seconds).run()
            let missed = figures.missedFloors
            for words in missed { print("bench: below the floor: \(words)") }
            print(figures.json)
            exit(missed.isEmpty ? 0 : 1)
        } catch {
            FileHandle.standardError.write(Data("bench: \(error)\n".utf8))
            exit(error is Arguments.Misuse ? 2 : 1)
        }
    }
}
