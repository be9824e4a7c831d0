// SPDX-License-Identifier: Apache-2.0

/// One measurement: what is done in one go, in a database of its own.
struct Cell: Sendable {
    /// How often a cell is measured.
    enum Repetition: Sendable {
        /// In every round, between the other cells.
        case everyRound
        /// Once, behind the rounds: what takes long, or repeats what it measures by itself.
        case once
    }

    let name: String
    let repetition: Repetition
    let measure: @Sendable (BenchServer) async throws -> [Reading]

    init(
        _ name: String,
        _ repetition: Repetition = .everyRound,
        measure: @escaping @Sendable (BenchServer) async throws -> [Reading]
    ) {
        self.name = name
        self.repetition = repetition
        self.measure = measure
    }
}
