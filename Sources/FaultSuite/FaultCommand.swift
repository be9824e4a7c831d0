// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import Durable
import FaultProcesses
import Foundation

/// Generated programs under generated faults, see `Scripts/faults`.
package struct FaultCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "faults",
        abstract: "Runs generated programs under generated faults, and checks what must hold whatever happens.",
        discussion: """
            The last line of the output is JSON. Exit status: 0 when nothing was found; 1 when something was, or less was \
            tried than asked for; 3 when a nemesis could not be run on this machine. With --protections: 0 when something \
            was found without each of them, else 1.
            """
    )

    @Option(help: "How many programs are run. (default: \(Self.usualPrograms), or \(Self.usualTrials) per protection)")
    var programs: Int?
    @Option(help: "How often each nemesis strikes at least while a program is in flight.")
    var strikes = 100
    @Option(help: "Programs of a round.")
    var round = 40
    @Option(help: "The seed of everything; by default another one each time.")
    var seed: UInt64?
    @Option(
        help:
            "Only these nemeses, separated by commas: \(NemesisName.allCases.map(\.rawValue).joined(separator: ", "))."
    )
    var nemeses: String?
    @Flag(help: "Runs one round with the seed and all the given nemeses at once, as a report of a failure says.")
    var exactly = false
    @Option(help: "Runs one round that is given as JSON, as a report of a shrunk failure says.")
    var plan: String?
    @Option(help: "After how many minutes no further round is begun.")
    var minutes = 90
    @Option(
        help:
            "Protections that are switched off, separated by commas: \(Protection.allCases.map(\.rawValue).joined(separator: ", "))."
    )
    var without: String?
    @Flag(
        help: "Switches protections off one after the other, those of --without or all, each until something is found."
    )
    var protections = false
    @Option(help: "How many minutes are spent on shrinking what was found.")
    var shrinking = 10
    @Option(help: "How many rounds go on side by side.")
    var abreast = 2
    @Flag(help: "Goes on after a violation was found.")
    var keepGoing = false

    private static let usualPrograms = 2_000
    private static let usualTrials = 500

    package init() {}

    package static func main() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        if arguments.count == 2, arguments[0] == "worker" {
            guard let options = try? JSONDecoder().decode(WorkerOptions.self, from: Data(arguments[1].utf8)) else {
                System.leave(2)
            }
            return await Worker(options: options).run()
        }
        do {
            var command = try self.parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand { try await command.run() } else { try command.run() }
        } catch {
            self.exit(withError: error)
        }
    }

    package func validate() throws {
        guard self.programs ?? 1 > 0, self.round > 0, self.minutes > 0, self.abreast > 0, self.strikes >= 0,
            self.shrinking >= 0
        else {
            throw ValidationError(
                "Numbers of programs, rounds and minutes must be positive, and strikes and minutes of shrinking not negative."
            )
        }
        _ = try self.chosenNemeses()
        let off = try self.chosenProtections()
        guard Protection.canBeTakenAway || off.isEmpty && !self.protections else {
            throw ValidationError("This is a release build: its protections cannot be switched off.")
        }
        _ = try self.plan.map { try Self.readPlan($0) }
    }

    package func run() async throws {
        let seed = self.seed ?? UInt64.random(in: 0 ... .max)
        if self.protections { return try await self.tryProtections(seed) }
        var suite = Suite(
            seed: seed,
            nemeses: try self.chosenNemeses(),
            programs: self.programs ?? Self.usualPrograms,
            leastStrikes: self.strikes,
            programsOfRound: self.round,
            limit: .seconds(60 * self.minutes),
            off: try self.chosenProtections()
        )
        suite.isExact = self.exactly
        suite.plan = try self.plan.map { try Self.readPlan($0) }
        suite.stopsAtViolation = !self.keepGoing
        suite.abreast = self.abreast
        suite.shrinkingLimit = .seconds(60 * self.shrinking)
        let report = try await suite.run()
        print(report.table)
        print(report.json)
        throw ExitCode(report.status)
    }

    private func tryProtections(_ seed: UInt64) async throws {
        let chosen = try self.chosenProtections()
        let trials = ProtectionTrials(
            seed: seed,
            protections: chosen.isEmpty ? Protection.allCases : chosen,
            nemeses: try self.chosenNemeses(),
            programs: self.programs ?? Self.usualTrials,
            programsOfRound: self.round,
            limit: .seconds(60 * self.minutes),
            abreast: self.abreast
        )
        let report = try await trials.run()
        print(report.table)
        print(report.json)
        throw ExitCode(report.status)
    }

    private func chosenNemeses() throws -> [NemesisName] {
        guard let nemeses else { return NemesisName.allCases }
        let names = try nemeses.split(separator: ",").map { word in
            guard let name = NemesisName(rawValue: String(word)) else {
                throw ValidationError("There is no nemesis \"\(word)\".")
            }
            return name
        }
        guard !names.isEmpty else { throw ValidationError("--nemeses names no nemesis.") }
        return names
    }

    static func readPlan(_ text: String) throws -> RoundPlan {
        do {
            return try JSONDecoder().decode(RoundPlan.self, from: Data(text.utf8))
        } catch {
            throw ValidationError("The plan cannot be read: \(error)")
        }
    }

    private func chosenProtections() throws -> [Protection] {
        guard let without else { return [] }
        let chosen = try without.split(separator: ",").map { word in
            guard let protection = Protection(rawValue: String(word)) else {
                throw ValidationError("There is no protection \"\(word)\".")
            }
            return protection
        }
        guard !chosen.isEmpty else { throw ValidationError("--without names no protection.") }
        return chosen
    }
}
