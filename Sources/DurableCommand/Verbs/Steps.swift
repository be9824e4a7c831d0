// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Libpq

/// `durable steps ID`: the steps of a workflow, a row each.
struct Steps: Verb {
    static let configuration = CommandConfiguration(abstract: "Lists the steps of a workflow, one row each.")

    @Argument(help: "The workflow's id.")
    var id: String

    @Option(name: .long, help: "Only those in a state: recorded, failed, running, retrying, waiting, abandoned.")
    var state: [String] = []

    @Flag(name: .long, help: "Also what they returned; needs durable_operator.")
    var payloads = false

    @OptionGroup var options: SessionOptions

    func validate() throws {
        let states = ["recorded", "failed", "running", "retrying", "waiting", "abandoned"]
        for state in self.state where !states.contains(state) {
            throw ValidationError(
                "\"\(Printable.text(state))\" is no state of a step. They are \(states.joined(separator: ", "))."
            )
        }
    }

    func run(in session: Session) async throws {
        _ = try await session.workflow(self.id)
        let payloads = self.payloads ? try await session.payloads(of: self.id) : nil
        let steps = try await session.steps(of: self.id, with: payloads?.steps).filter { step in
            self.state.isEmpty || self.state.contains(step["state"].words)
        }
        let listing = Listing(
            [
                .text("SCOPE", "scope", yields: .first, optional: true), .number("POSITION", "position"),
                .text("STEP", "step", yields: .first),
            ] + Listing.steps.columns
        )
        try session.print(steps, as: listing, empty: "no step matches")
    }
}
